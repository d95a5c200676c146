"""Rewritten ideals make a new benchmark version: all or none, marked, and run at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError, RequestError
from harness.flows.evaluation.context import Request
from harness.flows.training import new_ideals
from harness.flows.training.new_ideals import NewBenchmark, take_ideals
from harness.workspace.project.voice_days import read_voice_days
from tests.fakes.project import CASES, TASK, TinyProject

IDEAL = "Hey Finn, who plans Oak Care's week?"
ANSWERS: list[dict[str, Any]] = [
    {"id": "health-2", "ideal": IDEAL, "benchmark": TASK, "rewritten": True},
    {"id": "health-3", "ideal": "later", "benchmark": TASK, "rewritten": False},
]


@pytest.fixture
def voiced(project: TinyProject) -> TinyProject:
    """`good` is promoted, `first` is pinned."""
    for name, quality in (("first", "same"), ("good", "good")):
        project.record(name, quality=quality)  # type: ignore[arg-type]  # a word of Quality
    project.promote("first", pin=True)
    project.promote("good")
    return project


def take(project: TinyProject, answers: list[dict[str, Any]], **more: Any) -> NewBenchmark:
    file = project.write_lines("answers.jsonl", answers)
    said: dict[str, Any] = {"by": "Ana", "why": "founders", "request": Request(baselines=False)}
    return take_ideals(project.project, file, TASK, **(said | more))


def cases(project: TinyProject) -> list[dict[str, Any]]:
    text = (project.folder / f"benchmarks/{TASK}/cases.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.medium
def test_only_rewritten_ideals_change_the_benchmark(voiced: TinyProject) -> None:
    before = voiced.project.benchmark(TASK).fingerprint
    made = take(voiced, ANSWERS)
    assert (made.rewritten, made.waiting) == (("health-2",), 1)
    assert made.fingerprint == voiced.project.benchmark(TASK).fingerprint != before
    expected = [c | {"ideal": IDEAL} if c["id"] == "health-2" else c for c in CASES]
    assert cases(voiced) == expected


@pytest.mark.medium
def test_what_is_promoted_what_is_pinned_and_the_base_are_run(voiced: TinyProject) -> None:
    made = take(voiced, ANSWERS)
    assert [run.adapter for run in made.runs] == ["good", "first", "base"]
    assert {run.fingerprint for run in made.runs} == {made.fingerprint}
    store = voiced.store()
    assert all(store.runs.by_id(run.id) is not None for run in made.runs)
    store.close()


@pytest.mark.medium
def test_the_day_of_the_new_version_is_marked(voiced: TinyProject) -> None:
    made = take(voiced, ANSWERS)
    (mark,) = read_voice_days(voiced.folder / "benchmarks" / TASK)
    assert mark == made.mark
    assert (mark.kind, mark.fingerprint, mark.ideals) == ("benchmark", made.fingerprint, 1)


@pytest.mark.slow
def test_a_second_time_marks_nothing_and_makes_no_run(voiced: TinyProject) -> None:
    first = take(voiced, ANSWERS)
    again = take(voiced, ANSWERS)
    assert (again.mark, again.rewritten) == (None, ())
    assert [run.id for run in again.runs] == [run.id for run in first.runs]


@pytest.mark.slow
def test_a_command_killed_before_its_runs_is_finished_by_the_next(
    voiced: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*words: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(new_ideals, "add_voice_day", killed)
        with pytest.raises(KeyboardInterrupt):
            take(voiced, ANSWERS)
    made = take(voiced, ANSWERS)
    assert made.mark is not None
    assert (len(made.runs), made.mark.ideals) == (3, 1)


@pytest.mark.slow
def test_several_ideals_may_replace_one(voiced: TinyProject) -> None:
    take(voiced, [ANSWERS[0] | {"ideal": [IDEAL, "Hey Finn?"]}])
    assert cases(voiced)[5]["ideal"] == [IDEAL, "Hey Finn?"]


@pytest.mark.medium
def test_the_reserve_is_rewritten_like_the_cases(voiced: TinyProject) -> None:
    place = f"benchmarks/{TASK}/cases.reserve.jsonl"
    case = {"id": "more-1", "input": "Zoe, Far Ferries", "ideal": "Dear Zoe"}
    voiced.write_lines(place, [case])
    made = take(voiced, [{"id": "more-1", "ideal": "Hey Zoe", "rewritten": True}])
    assert json.loads((voiced.folder / place).read_text()) == case | {"ideal": "Hey Zoe"}
    assert (made.rewritten, made.mark is not None) == (("more-1",), True)
    assert cases(voiced) == CASES


def test_a_dry_run_writes_nothing(voiced: TinyProject) -> None:
    made = take(voiced, ANSWERS, dry_run=True)
    assert (made.rewritten, made.runs, made.mark) == (("health-2",), (), None)
    assert cases(voiced) == CASES
    assert read_voice_days(voiced.folder / "benchmarks" / TASK) == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"id": "none", "ideal": "x", "rewritten": True}, "openers has no case none"),
        ({"id": "health-2", "ideal": " ", "rewritten": True}, "`ideal` needs a text"),
        ({"id": "health-2", "ideal": [], "rewritten": True}, "`ideal` needs a text"),
        ({"id": "health-2", "ideal": "x", "rewritten": "yes"}, "true or false is needed"),
        ({"id": "health-2", "ideal": "x"}, "no ideal is rewritten yet"),
        (ANSWERS[0] | {"benchmark": "other"}, "is of benchmark other, not openers"),
    ],
)
def test_a_wrong_file_changes_nothing(
    voiced: TinyProject, answer: dict[str, Any], says: str
) -> None:
    with pytest.raises(RequestError, match=says):
        take(voiced, [answer])
    assert cases(voiced) == CASES


def test_an_ideal_that_fails_its_own_case_is_refused(voiced: TinyProject) -> None:
    strict = [c | {"checks": {"max_words": {"value": 20, "level": "must"}}} for c in CASES]
    voiced.write_lines(f"benchmarks/{TASK}/cases.jsonl", strict)
    long = ANSWERS[0] | {"ideal": "hey " * 21}
    with pytest.raises(BenchmarkError, match="nothing was written"):
        take(voiced, [long])
    assert cases(voiced) == strict


def test_the_same_case_twice_is_refused(voiced: TinyProject) -> None:
    with pytest.raises(RequestError, match=r"answers.jsonl:2: health-2 stands twice"):
        take(voiced, [ANSWERS[0], ANSWERS[0]])


def test_a_file_that_is_not_there_is_one_line(voiced: TinyProject) -> None:
    with pytest.raises(RequestError, match="no such file"):
        take_ideals(voiced.project, Path("none.jsonl"), TASK, by="Ana", why="x", request=Request())
