"""`lora-harness train --curve`: one command, its words, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.flows.training import learning_curve as flow
from harness.flows.training import train as training
from tests.cli.conftest import Type
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import TinyProject

CURVE = ("train", "--curve", "--data", "data.jsonl", "--seeds", "2")

LINE = "[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.35, retrain = 0.45 }\n"


@pytest.fixture
def _rising(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """More examples lower the edit rate; training and measuring are stand-ins."""
    sizes = list[int]()

    def train(base: Path, lessons: list[Any], recipe: Any, work: Path, *_: Any) -> list[float]:
        sizes.append(len(lessons))
        TinyAdapter(work, "adapter", project.base, seed=recipe.seed).write()
        return []

    def measure(of: Any, plan: Any, name: str) -> dict[str, dict[str, float]]:
        rate = {15: 0.5, 30: 0.4, 60: 0.3}[sizes[-1]] + len(sizes) / 1000
        return {"edit_rate": dict.fromkeys(plan.curve.groups, rate), "ideal_likelihood": {}}

    monkeypatch.setattr(training, "train_lora", train)
    monkeypatch.setattr(flow, "measure", measure)
    project.write_lines("data.jsonl", [{"input": f"a {n}", "output": f"b {n}"} for n in range(60)])


@pytest.mark.long
@pytest.mark.usefixtures("_rising")
def test_the_answer_the_table_the_disk_and_the_file_are_told(typed: Type) -> None:
    found = typed(*CURVE)
    assert found.code == 0
    assert found.err == "learning curve: 6 trainings on 15, 30, 60 examples, 2 seeds\n"
    assert "  answer  more would help: about −0.0" in found.out
    assert re.search(r"25 % +15 +0\.50", found.out)
    assert "one adapter of 0.0" in found.out
    assert "reports/curves/openers-" in found.out
    again = typed(*CURVE)
    assert again.err.startswith("learning curve: all 6 trainings are there")
    assert again.out.splitlines()[:3] == found.out.splitlines()[:3]


@pytest.mark.slow
@pytest.mark.usefixtures("_rising")
def test_enough_for_the_teams_own_line_is_said_where_there_is_one(
    project: TinyProject, typed: Type
) -> None:
    assert "  enough  " not in typed(*CURVE).out
    project.settings(LINE)
    assert "  enough  60 examples for the 35.0 % that the team lives with" in typed(*CURVE).out
    told = typed(*CURVE, "--json").json["enough"]
    assert (told["line"], told["examples"]) == (0.35, 60)
    assert told["score"]["low"] < told["score"]["value"] < told["score"]["high"] < 0.35
    project.settings(LINE.replace("0.35", "0.2"))
    found = typed(*CURVE, "--json").json["enough"]
    assert found["examples"] is None
    assert "  enough  not shown for the 20.0 % that the team lives with" in typed(*CURVE).out


@pytest.mark.slow
@pytest.mark.usefixtures("_rising")
def test_programs_get_json(typed: Type) -> None:
    found = typed(*CURVE, "--json").json
    assert found["name"] == "more would help"
    assert found["answer"].startswith("more would help")
    assert (found["made"], found["kept"], found["complete"]) == (6, [], True)
    assert Path(found["file"]).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("_rising")
def test_kept_adapters_are_named(project: TinyProject, typed: Type) -> None:
    found = typed("train", "try", *CURVE[1:], "--keep")
    assert "6 adapters kept" in found.out
    assert (project.folder / "adapters/try-100-s1/training.json").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("train", "v2", *CURVE[1:]), "v2: a curve's adapters are temporary"),
        ((*CURVE, "--keep"), "--keep needs a NAME"),
        (("train", "v2", "--data", "data.jsonl", "--keep"), "--keep is for --curve"),
        (("train", "--data", "data.jsonl"), "Missing argument 'NAME'"),
        ((*CURVE[:-1], "1"), "--seeds"),
    ],
)
@pytest.mark.usefixtures("_rising")
def test_wrong_requests_are_refused_before_any_training(
    project: TinyProject, typed: Type, words: tuple[str, ...], says: str
) -> None:
    found = typed(*words)
    assert found.code == 4
    assert says in found.err
    assert not (project.folder / "reports/curves").exists()
