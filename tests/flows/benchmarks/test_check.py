"""A benchmark is looked at as a whole: its lines, its training data, its history.

Tests `cases_needed` as well, whose figures are part of a benchmark's health.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

import harness
from harness.errors import BenchmarkError, RequestError
from harness.flows.benchmarks.check import CheckedBenchmark, check
from tests.fakes.project import BENCHMARK, CASES, GUARD, TASK, TinyProject


def checked(project: TinyProject, **more) -> CheckedBenchmark:
    (found,) = check(project.project, [TASK], **more)
    return found


def kinds(found: CheckedBenchmark) -> list[str]:
    return sorted(one.kind for one in found.unfit)


def with_cases(project: TinyProject, *changed: Mapping[str, object]) -> None:
    """The first cases changed."""
    cases = [case | dict(more) for case, more in zip(CASES, changed, strict=False)]
    project.benchmark(TASK, BENCHMARK, [*cases, *CASES[len(changed) :]])


def test_a_sound_benchmark_is_fit(project):
    found = checked(project)
    assert found.fit
    assert found.health.fingerprint == project.project.benchmark(TASK).fingerprint
    assert [one.kind for one in found.advice] == ["size", "slice", "slice"]


def test_all_benchmarks_are_checked_the_guards_last(project):
    assert [one.health.name for one in check(project.project)] == [TASK, GUARD]


def test_every_refused_line_is_a_finding_with_its_line(project):
    with_cases(project, {"ideal": "  "}, {"input": ""}, {"id": CASES[4]["id"]}, {"idael": "typo"})
    file = project.folder / "benchmarks" / TASK / "cases.jsonl"
    file.write_text(file.read_text() + "{not json\n")
    found = checked(project)
    assert [(one.kind, one.line) for one in found.unfit] == [
        ("empty", 1),
        ("empty", 2),
        ("refused", 4),
        ("duplicate", 5),
        ("refused", 9),
    ]
    assert "did you mean" in found.unfit[2].message
    assert str(file) not in found.unfit[0].message
    assert found.health.fingerprint is None


def test_a_case_in_the_training_data_is_found_with_its_place(project):
    given = [
        {"input": "something else entirely", "output": "x"},
        {"input": CASES[2]["input"].upper() + "!", "output": "x"},
    ]
    project.write_lines("adapters/datasets/some.jsonl", given)
    found = checked(project)
    assert [(one.kind, one.line) for one in found.unfit] == [("overlap", 3)]
    assert "some.jsonl:2 (normalised)" in found.unfit[0].message


def test_training_data_that_cannot_be_read_is_said_and_stops_nothing(project):
    project.write("adapters/datasets/broken.jsonl", "{no\n" + '{"input": "i", "output": "o"}\n')
    (project.folder / "adapters/datasets/folder.jsonl").mkdir()
    notes = " ".join(checked(project).health.notes)
    assert "broken.jsonl: not compared with 1 line" in notes
    assert "not compared with folder.jsonl" in notes


def test_an_ideal_that_fails_its_own_must_check_is_found(project):
    with_cases(project, {"checks": {"max_words": 2}})
    assert kinds(checked(project)) == ["check"]


def test_a_check_that_is_only_shown_does_not_make_it_unfit(project):
    with_cases(project, {"checks": {"max_words": {"value": 2, "level": "report"}}})
    found = checked(project)
    assert found.fit
    assert "check" in [one.kind for one in found.advice]


def test_placeholders_are_not_a_benchmark(project):
    with_cases(project, {"id": "PLACEHOLDER-1"})
    assert kinds(checked(project)) == ["placeholder"]


def test_before_any_run_it_says_that_nothing_can_be_said(project):
    health = checked(project).health
    assert health.adapters == ()
    assert health.luck is None
    assert health.needed == ()
    assert "no adapter has run" in health.notes[0]


def evaluated(project: TinyProject, *adapters: str) -> None:
    for name in adapters:
        harness.evaluate(name, benchmarks=[TASK], project=project.folder)


@pytest.mark.long
def test_history_says_which_cases_every_adapter_gets_right_and_which_none(project):
    hard, easy = CASES[0]["id"], CASES[1]["id"]
    for place, name in enumerate(("a", "b", "c")):
        texts = {case["id"]: f"{case['ideal']} {'and more of it ' * place}" for case in CASES}
        texts |= {hard: "no", easy: CASES[1]["ideal"]}
        project.record(name, texts=texts)
    evaluated(project, "a", "b", "c")
    found = checked(project)
    told = {(one.kind, one.line) for one in found.advice}
    assert {("hopeless", 1), ("saturated", 2)} <= told
    assert found.health.adapters == ("a", "b", "c")
    assert found.health.judged == 3
    assert found.health.luck == pytest.approx(1 - 0.95**3)


@pytest.mark.long
def test_history_says_how_many_cases_the_margin_takes(project):
    project.record("a", quality="good")
    project.record("b", nlls={case["id"]: n / 10 for n, case in enumerate(CASES)})
    evaluated(project, "a", "b")
    found = checked(project, margin=0.01)
    (needed,) = found.health.needed
    assert (needed.metric, needed.margin, needed.pairs) == (
        "ideal_likelihood",
        0.01,
        (("b", "a"),),
    )
    assert needed.needed == -(-6.2 * needed.spread**2 // 0.01**2)
    assert "margin" in [one.kind for one in found.advice]
    (wide,) = checked(project, margin=0.99).health.needed
    assert wide.needed == 5


@pytest.mark.slow
def test_a_single_adapter_is_paired_with_the_base(project):
    project.record("a")
    evaluated(project, "a")
    (needed,) = checked(project).health.needed
    assert needed.pairs == (("a", "base"),)


@pytest.mark.medium
def test_a_changed_benchmark_begins_a_new_history(project):
    project.record("a")
    evaluated(project, "a")
    with_cases(project, {"input": "another input"})
    assert checked(project).health.adapters == ()


@pytest.mark.parametrize("margin", [0, 1, -0.1, float("nan"), float("inf")])
def test_a_margin_that_means_nothing_is_refused(project, margin):
    with pytest.raises(RequestError, match="more than 0 and less than 1"):
        check(project.project, margin=margin)


def test_an_unknown_name_says_what_is_near(project):
    with pytest.raises(BenchmarkError, match=f"did you mean `{TASK}`"):
        check(project.project, ["opners"])


def test_a_file_without_a_case_is_refused(project):
    project.write(f"benchmarks/{TASK}/cases.jsonl", "\n")
    with pytest.raises(BenchmarkError, match="holds no case"):
        check(project.project, [TASK])


@pytest.mark.long
def test_the_shipped_benchmarks_are_fit(pytestconfig, tmp_path):
    from harness.flows.project import Project

    project = Project.here(pytestconfig.rootpath)
    found = check(project, store=f"sqlite:///{tmp_path}/shipped.db")
    assert [one.health.name for one in found] == ["outreach", "general"]
    assert json.dumps([one.message for each in found for one in each.unfit]) == "[]"
    assert {one.kind for each in found for one in each.advice} <= {"margin", "hopeless"}
