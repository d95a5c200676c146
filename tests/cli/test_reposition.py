"""`lora-harness reposition`: three steps, what each says, and what each refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from harness.flows.training import train as training
from tests.cli.conftest import Type
from tests.fakes.project import TASK, TinyProject

SET = "adapters/datasets/voice.jsonl"
BY = ("--by", "Ana", "--why", "the client speaks to founders")
NEW = ("--examples", "new.jsonl", "--data", "voice")


@pytest.fixture
def voice(project: TinyProject) -> TinyProject:
    project.write_lines(
        SET, [{"input": f"old {n}", "output": f"Dear person {n}"} for n in range(60)]
    )
    project.write_lines(
        "new.jsonl", [{"input": f"new {n}", "output": f"Hey {n}"} for n in range(9)]
    )
    project.record("founders", nlls={"health-2": 1.4}, texts={"health-2": "Hey Finn"})
    return project


@pytest.mark.usefixtures("voice")
def test_the_first_step_says_what_changed_and_what_comes_next(typed: Type) -> None:
    found = typed("reposition", *NEW, *BY, "--retire", "person 5", "--day", "2026-06-01")
    assert found.code == 0
    assert found.out.splitlines() == [
        "openers  repositioned on 2026-06-01: the client speaks to founders",
        "data    voice@2: 9 new examples, each taught 6 times; 11 examples retired, 49 old still"
        " taught",
        f"commit  {SET}, its .versions.jsonl, and voice.jsonl of benchmark openers",
        "next    lora-harness train NAME --data voice@2 --task openers, then lora-harness"
        " reposition --task openers --adapter NAME",
    ]


@pytest.mark.medium
@pytest.mark.usefixtures("voice")
def test_programs_get_the_mark_and_a_dry_run_writes_none(typed: Type, voice: TinyProject) -> None:
    dry = typed("reposition", *NEW, *BY, "--dry-run", "--json").json
    assert (dry["dry_run"], dry["mark"]["data"], dry["mark"]["repeat"]) == (True, "", 7)
    assert not (voice.folder / f"benchmarks/{TASK}/voice.jsonl").exists()
    done = typed("reposition", *NEW, *BY, "--json").json
    assert (done["mark"]["data"], done["old"], done["again"]) == ("voice@2", 60, False)
    assert typed("reposition", *NEW, *BY, "--json").json["again"] is True


@pytest.mark.usefixtures("voice")
def test_retired_lines_are_not_taught(
    typed: Type, voice: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[str] = []

    def trainer(base: Path, lessons: list[training.Lesson], *rest: object) -> list[float]:
        taught.extend(lesson.completion for lesson in lessons)
        voice.adapter("founders_v1").write()
        (voice.folder / "adapters/founders_v1").rename(rest[1] / "adapter")  # type: ignore[operator]
        return [1.0]

    monkeypatch.setattr(training, "train_lora", trainer)
    typed("reposition", *NEW, *BY, "--retire", "Dear")
    assert typed("train", "next", "--data", "voice@2", "--anyway").code == 0
    assert sorted(taught) == [f"Hey {n}" for n in range(9)]
    about = json.loads((voice.folder / "adapters/next/training.json").read_text())["dataset"]
    assert (about["version"], about["examples"], about["retired"]) == ("voice@2", 69, 60)


@pytest.mark.slow
@pytest.mark.usefixtures("voice")
def test_ideals_are_proposed_rewritten_and_run(typed: Type, voice: TinyProject) -> None:
    found = typed("reposition", "--adapter", "founders")
    assert found.code == 0
    assert "8 cases weighed under founders: 1 speak the old voice" in found.out
    file = voice.folder / "reports/ideals-openers-founders.jsonl"
    line = json.loads(file.read_text())
    file.write_text(json.dumps(line | {"ideal": "Hey Finn, who plans?", "rewritten": True}))
    done = typed("reposition", "--rewritten", str(file), *BY)
    assert done.out.splitlines()[0].startswith("openers  1 ideals rewritten: version ")
    assert [row.split()[0] for row in done.out.splitlines()[2:]] == ["good", "base"]
    again = typed("reposition", "--rewritten", str(file), *BY, "--json").json
    assert (again["mark"], [run["adapter"] for run in again["runs"]]) == (None, ["good", "base"])


@pytest.mark.usefixtures("voice")
def test_git_knows_who_it_is(typed: Type, voice: TinyProject) -> None:
    subprocess.run(["git", "init", "-q"], cwd=voice.folder, check=True)
    subprocess.run(["git", "config", "user.name", "Ben"], cwd=voice.folder, check=True)
    said = typed("reposition", *NEW, "--why", "founders", "--json").json
    assert said["mark"]["by"] == "Ben"


@pytest.mark.usefixtures("voice")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "one of --examples, --adapter and --rewritten is needed"),
        (("--adapter", "a", *NEW), "one of --examples, --adapter and --rewritten is needed"),
        (NEW, "--why TEXT is needed"),
        ((*NEW, *BY, "--retire", "Bonjour"), "--retire Bonjour: no example of voice.jsonl"),
        ((*NEW, *BY, "--task", "opener"), "opener: no benchmark is for this task"),
        (("--adapter", "good"), "good: is what is promoted"),
        (("--rewritten", "none.jsonl", *BY), "none.jsonl: no such file"),
        ((*NEW, *BY, "--train", "good/../x"), "is not an adapter name"),
    ],
)
def test_a_wrong_request_is_one_line(typed: Type, words: tuple[str, ...], says: str) -> None:
    found = typed("reposition", *words)
    assert (found.code, says in found.line) == (4, True), found.err
