"""From an old voice to a new one with a real trainer, on a tiny Llama."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.engines.trainer import Recipe
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project
from harness.flows.training.new_ideals import take_ideals
from harness.flows.training.old_ideals import old_ideals
from harness.flows.training.repositioning import RepositionRequest, reposition
from harness.flows.training.train import train
from harness.records import Decision
from harness.store import Store
from harness.workspace.adapters.files import read_adapter
from tests.fakes.trained import BENCHMARK, SETTINGS

pytestmark = pytest.mark.slow
OLD, NEW = "w40 w41 w42", "w50 w51 w52"
PLAIN = Request(baselines=False)
RECIPE = Recipe(learning_rate=1e-2, epochs=8)


class Team:
    """A project whose promoted adapter was trained on 60 lines of the old voice."""

    def __init__(self, folder: Path) -> None:
        from tests.fakes.llama import TinyLlama

        self.folder = folder
        for place, text in (
            ("pyproject.toml", SETTINGS), ("benchmarks/openers/benchmark.toml", BENCHMARK),
        ):  # fmt: skip
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(text)
        cases = [
            {"id": f"c{n}", "input": f"w{n} w{n + 20} w{n % 7}", "ideal": OLD} for n in range(10)
        ]
        self.lines("benchmarks/openers/cases.jsonl", cases)
        self.lines("adapters/datasets/voice.jsonl", taught(60, OLD))
        TinyLlama(folder / "base", template=None)
        train(self.project, "old", Path("voice"), RECIPE)
        digest = read_adapter(folder / "adapters", "old").digest
        made = Decision("promote", "openers", "old", digest, "Ana", "x", "2026-01-01T00:00:00Z")
        with closing(Store(self.project.settings.store, folder)) as store:
            store.decisions.add(made)

    @property
    def project(self) -> Project:
        return Project.here(self.folder)

    def lines(self, place: str, rows: list[dict[str, Any]]) -> Path:
        file = self.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return file

    def outputs(self, adapter: str) -> list[str]:
        with open_session(self.project, PLAIN, lambda step, done, total: None) as session:
            benchmark = session.benchmark("openers")
            run = session.producer.run(session.candidate(adapter).adapter, benchmark)
        return [result.text for result in run.results]


def taught(count: int, output: str, shift: int = 0) -> list[dict[str, Any]]:
    """Lines whose inputs are unlike the cases, as two sets of different inputs."""
    return [
        {"input": f"w{n % 30} w{n // 30 + 30 + shift} w{n % 7}", "output": output}
        for n in range(count)
    ]


@pytest.mark.long
def test_the_new_voice_is_learnt_proposed_and_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    team = Team(tmp_path / "team")
    new = team.lines("new.jsonl", taught(50, NEW, shift=8))
    done = reposition(
        team.project, RepositionRequest(None, "Ana", "founders", new, retire=("w40",))
    )
    assert (done.mark.retired, done.old, done.mark.repeat) == (60, 0, 1)
    made = train(team.project, "new", Path(done.mark.data), RECIPE)
    assert made.examples == 50, "no retired line is taught"
    assert team.outputs("new").count(NEW) >= 9

    found = old_ideals(team.project, "new", None, PLAIN)
    assert len(found.lines) == 10, "every ideal speaks the old voice"
    answers = [line | {"ideal": NEW, "rewritten": True} for line in found.lines]
    file = team.lines("answers.jsonl", answers)
    after = take_ideals(team.project, file, None, by="Ana", why="founders", request=PLAIN)
    assert [run.adapter for run in after.runs] == ["old", "base"]
    assert team.project.benchmark("openers").fingerprint == after.fingerprint
    assert {run.fingerprint for run in after.runs} == {after.fingerprint}
    assert old_ideals(team.project, "new", None, PLAIN).lines == (), "no ideal is old any more"
