"""A learning curve on real files: what is trained, what is kept, and how a killed one goes on.

The training and the measuring are stand-ins; the last test makes both for real, on a tiny Llama.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.engines.trainer import Lesson, Recipe
from harness.errors import DataError, RequestError
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.project import Project
from harness.flows.queries import learning_curves
from harness.flows.training import learning_curve as flow
from harness.flows.training import train as training
from harness.flows.training.curve_plan import CurvePlan, plan_curve
from harness.flows.training.learning_curve import CurveResult, train_curve
from harness.render.learning_curve import answer, curve_json, curve_text
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import CASES, TASK, TinyProject
from tests.fakes.trained import TrainedProject

RISING = {15: 0.5, 30: 0.4, 60: 0.3}


class Trainings:
    """Stands in for training and measuring: remembers the lessons, scores by their number."""

    def __init__(self, project: TinyProject, edit_rates: Mapping[int, float]) -> None:
        self.project, self.edit_rates = project, edit_rates
        self.lessons: list[tuple[int, list[Lesson]]] = []
        self.stops_after = 10**6

    def train(
        self, base: Path, lessons: Sequence[Lesson], recipe: Recipe, work: Path, *_: Any
    ) -> list[float]:
        if len(self.lessons) == self.stops_after:
            raise KeyboardInterrupt
        self.lessons.append((recipe.seed, list(lessons)))
        TinyAdapter(work, "adapter", self.project.base, seed=recipe.seed).write()
        return [1.0]

    def measure(self, project: Project, plan: CurvePlan, name: str) -> dict[str, dict[str, float]]:
        seed, lessons = self.lessons[-1]
        rate = self.edit_rates[min(self.edit_rates, key=lambda n: abs(n - len(lessons)))]
        rate = min(1.0, rate + 0.004 * (seed % 2))
        return {
            "edit_rate": dict.fromkeys(plan.curve.groups, rate),
            "ideal_likelihood": dict.fromkeys(plan.curve.groups, 1 - rate),
        }

    @property
    def sizes(self) -> list[int]:
        return [len(lessons) for _, lessons in self.lessons]


@pytest.fixture
def made(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    found = Trainings(project, RISING)
    monkeypatch.setattr(training, "train_lora", found.train)
    monkeypatch.setattr(flow, "measure", found.measure)
    return found


@pytest.fixture
def data(project: TinyProject) -> Path:
    return project.write_lines("adapters/datasets/small.jsonl", lines(60))


def lines(count: int) -> list[dict[str, Any]]:
    return [
        {"input": f"person {n}", "output": f"Hi {n}!", "slices": {"kind": f"k{n % 3}"}}
        for n in range(count)
    ]


def curve(project: TinyProject, data: Path, seeds: int = 2, **how: Any) -> CurveResult:
    plan = plan_curve(project.project, data, Recipe(), seeds=seeds, **how)
    return train_curve(project.project, plan)


def files(project: TinyProject) -> set[str]:
    folder = project.folder / "adapters"
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.mark.long
def test_every_seed_trains_on_three_nested_sizes(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    found = curve(project, data)
    assert made.sizes == [15, 30, 60, 15, 30, 60]
    texts = [{lesson.completion for lesson in lessons} for _, lessons in made.lessons]
    assert texts[0] < texts[1] < texts[2]
    assert texts[0] != texts[3]
    assert [point.seed for point in found.curve.points] == [0, 0, 0, 1, 1, 1]
    assert [one.name for one in found.foretold] == ["more would help", "more would help"]
    assert answer(found.foretold).startswith("more would help: about −0.")
    assert "edit rate for 20 more" in answer(found.foretold)


@pytest.mark.long
def test_its_adapters_are_no_candidates_and_are_gone_afterwards(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    before = files(project)
    found = curve(project, data)
    assert files(project) == before
    assert found.kept == ()
    assert all(point.bytes > 0 for point in found.curve.points)
    with project.store().database.read() as connection:
        rows = connection.exec_driver_sql("select count(*) from runs").scalar_one()
    assert rows == 0, "the project's store knows nothing of them"


@pytest.mark.long
def test_kept_adapters_are_the_projects_and_know_their_part_of_the_set(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    project.write("adapters/datasets/small.origin.toml", 'owner = "Ana"\n')
    found = curve(project, data, keep="try")
    assert found.kept == tuple(f"try-{p}-s{s}" for s in (0, 1) for p in (25, 50, 100))
    folder = project.folder / "adapters"
    about = json.loads((folder / "try-25-s1/training.json").read_text())
    assert (about["dataset"]["examples"], about["seed"]) == (15, 1)
    assert about["origin"]["owner"] == "Ana"
    benchmark = project.project.benchmarks[TASK]
    searched = find_contamination(folder, "try-25-s1", benchmark)
    assert (searched.unknown, searched.looked_at) == ((), 1)


@pytest.mark.long
@pytest.mark.parametrize("stop", [0, 1, 4])
def test_a_killed_curve_goes_on_where_it_stopped(
    project: TinyProject, made: Trainings, data: Path, stop: int
) -> None:
    made.stops_after = stop
    with pytest.raises(KeyboardInterrupt):
        curve(project, data)
    made.stops_after = 10**6
    found = curve(project, data)
    assert made.sizes == [15, 30, 60, 15, 30, 60], "no training is made twice"
    assert found.made == 6 - stop
    assert len(found.curve.points) == 6


@pytest.mark.long
def test_an_adapter_that_was_trained_and_not_yet_measured_is_not_trained_again(
    project: TinyProject, made: Trainings, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(flow, "measure", killed)
        with pytest.raises(KeyboardInterrupt):
            curve(project, data)
    curve(project, data)
    assert len(made.lessons) == 6


@pytest.mark.long
def test_more_seeds_and_the_same_command_make_only_what_is_missing(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    first = curve(project, data)
    assert curve(project, data).made == 0
    more = curve(project, data, seeds=3)
    assert (more.made, more.file, more.curve.wanted) == (3, first.file, 9)


@pytest.mark.long
def test_another_set_or_recipe_is_another_curve(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    first = curve(project, data).file
    plan = plan_curve(project.project, data, Recipe(epochs=1), seeds=2)
    assert plan.file != first
    project.write_lines("adapters/datasets/small.jsonl", lines(61))
    assert curve(project, data).file != first
    assert len(learning_curves(project.project, TASK).curves) == 2


@pytest.mark.long
def test_retired_lines_are_not_taught_and_repeated_ones_as_often_as_they_ask(
    project: TinyProject, made: Trainings
) -> None:
    old = [{"input": f"old {n}", "output": "Dear!", "retired": "2026-06-01"} for n in range(30)]
    new = [{"input": f"new {n}", "output": f"Hey {n}", "repeat": 4} for n in range(8)]
    data = project.write_lines("adapters/datasets/voice.jsonl", [*old, *new, *lines(52)])
    found = curve(project, data)
    taught = [[lesson.completion for lesson in lessons] for _, lessons in made.lessons]
    assert not any("Dear!" in texts for texts in taught)
    assert [sum(text.startswith("Hey") for text in texts) for texts in taught[:3]] == [8, 16, 32]
    assert [point.examples for point in found.curve.points[:3]] == [15, 30, 60]


@pytest.mark.long
def test_cases_that_the_set_holds_are_left_out_at_every_size(
    project: TinyProject, made: Trainings
) -> None:
    case = CASES[0]
    held = {"input": case["input"], "output": case["ideal"]}
    data = project.write_lines("adapters/datasets/held.jsonl", [*lines(60), held])
    with pytest.raises(DataError, match="holds cases of benchmark openers"):
        curve(project, data)
    found = curve(project, data, anyway=True)
    assert list(found.curve.left_out) == [case["id"]]
    assert case["id"] not in found.curve.groups
    assert "1 case left out: the training data holds them" in curve_text(
        found.curve, found.foretold
    )


@pytest.mark.long
def test_flat_scores_are_saturated_and_the_worst_of_all_tell_nothing(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    made.edit_rates = {15: 0.3, 30: 0.3, 60: 0.3}
    assert answer(curve(project, data).foretold).startswith("saturated")
    made.edit_rates = {15: 1.0, 30: 1.0, 60: 1.0}
    project.write_lines("adapters/datasets/small.jsonl", lines(62))
    told = answer(curve(project, data).foretold)
    assert told == "too noisy to say: every output has the worst edit rate, so it tells nothing"


@pytest.mark.slow
def test_time_is_foretold_from_the_newest_training_on_the_same_base(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    assert plan_curve(project.project, data, Recipe(), seeds=2).seconds is None
    training.train(project.project, "before", data, Recipe())
    file = project.folder / "adapters/before/training.json"
    about = json.loads(file.read_text()) | {"seconds": 60.0}
    file.write_text(json.dumps(about))
    plan = plan_curve(project.project, data, Recipe(), seeds=2)
    assert plan.seconds == pytest.approx(2 * (15 + 30 + 60))  # a second for each example
    shorter = plan_curve(project.project, data, Recipe(epochs=1.5), seeds=2)
    assert shorter.seconds == pytest.approx(105)


@pytest.mark.long
def test_steps_are_told_from_the_first_moment_to_the_last(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    told: list[tuple[int, int, str]] = []
    plan = plan_curve(project.project, data, Recipe(), seeds=2)
    train_curve(project.project, plan, lambda *one: told.append(one))
    assert told[0] == (0, 2 * 3 * (2 + 4 + 8), "1 of 6: 25 % (15 examples), seed 0")
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)


@pytest.mark.long
def test_programs_get_the_name_the_figure_and_every_point(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    found = curve(project, data)
    told = curve_json(found.curve, found.foretold)
    assert (told["name"], told["complete"]) == ("more would help", True)
    assert told["metrics"][0]["change"].keys() == {"value", "low", "high", "n"}
    assert len(told["points"]) == 6
    assert json.dumps(told)


@pytest.mark.long
def test_a_curve_in_the_middle_says_what_is_missing(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    made.stops_after = 4
    with pytest.raises(KeyboardInterrupt):
        curve(project, data)
    (found,) = learning_curves(project.project, TASK).curves
    text = curve_text(found.curve, found.foretold)
    assert "4 of 6 trainings" in text
    assert "no answer before two seeds" in text
    assert "2 trainings missing, the same command goes on" in text


@pytest.mark.long
def test_a_damaged_file_is_named_and_hides_no_other_curve(
    project: TinyProject, made: Trainings, data: Path
) -> None:
    curve(project, data)
    project.write("reports/curves/other.json", '{"format": 1, "points": 3}')
    project.write("reports/curves/torn.json", '{"format": 1, "po')
    found = learning_curves(project.project, TASK)
    assert len(found.curves) == 1
    assert len(found.damaged) == 2
    assert "other.json" in found.damaged[0]


def test_what_cannot_make_a_curve_is_refused(project: TinyProject, data: Path) -> None:
    with pytest.raises(RequestError, match="1 seeds, allowed are 2 to 50"):
        plan_curve(project.project, data, Recipe(), seeds=1)
    with pytest.raises(RequestError, match="learning-rate"):
        plan_curve(project.project, data, Recipe(learning_rate=float("nan")), seeds=2)
    with pytest.raises(RequestError, match="learnt in 1 step"):
        plan_curve(project.project, data, Recipe(batch=64, epochs=1), seeds=2)
    few = project.write_lines("adapters/datasets/few.jsonl", lines(19))
    with pytest.raises(DataError, match="19 different examples"):
        plan_curve(project.project, few, Recipe(), seeds=2, anyway=True)


@pytest.mark.long
def test_a_real_curve_on_a_tiny_llama(tmp_path: Path) -> None:
    """Trained by TRL and measured by the engine, in a store that is gone afterwards."""
    project = TrainedProject(tmp_path / "project")
    folder = project.folder / "adapters/datasets"
    folder.mkdir()
    told = [
        {"input": f"w{n} w{n + 20}", "output": f"w{(n + 40) % 60} w{2 * n % 60}"}
        for n in range(8, 32)
    ]
    data = folder / "words.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in told))
    opened = Project.here(project.folder)
    plan = plan_curve(opened, data, Recipe(epochs=1, batch=3), seeds=2, anyway=True)
    found = train_curve(opened, plan)
    assert [point.examples for point in found.curve.points] == 2 * [6, 12, 24]
    assert all(set(point.scores["ideal_likelihood"]) == set(found.curve.groups) for point in (
        found.curve.points
    ))  # fmt: skip
    assert len(found.foretold) == 2
    assert not list((project.folder / "adapters").rglob("*.safetensors"))
