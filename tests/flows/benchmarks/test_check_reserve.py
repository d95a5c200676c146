"""`benchmark check` looks at the reserve beside the cases, and at the beginning verdicts used."""

from __future__ import annotations

from typing import Any

import pytest

import harness
from harness.flows.benchmarks.check import CheckedBenchmark, check
from harness.judge.verdict import RESERVE as RESERVE_RUN
from tests.fakes.finals import finals, reserve_of
from tests.fakes.project import BENCHMARK, CASES, GUARD, TASK, TinyProject

PLACE = "cases.reserve.jsonl"
LINES = [
    reserve_of(review, f"more-{n}", slices=dict(review.slices))
    for n, review in enumerate(finals(12))
]


@pytest.fixture
def project(tmp_path: Any) -> TinyProject:
    made = TinyProject(tmp_path / "project")
    with_reserve(made)
    return made


def with_reserve(project: TinyProject, *lines: dict[str, Any]) -> None:
    project.write_lines(f"benchmarks/{TASK}/{PLACE}", list(lines or LINES))


def checked(project: TinyProject) -> CheckedBenchmark:
    (found,) = check(project.project, [TASK])
    return found


def in_reserve(found: CheckedBenchmark) -> list[tuple[str, int | None]]:
    return [(one.kind, one.line) for one in found.unfit if one.file == PLACE]


def test_a_sound_reserve_is_counted_and_fit(project: TinyProject) -> None:
    found = checked(project)
    assert found.fit
    assert (found.health.reserve, found.health.reserve_looks) == (12, (10, 30))
    assert not [one for one in found.advice if one.file]


def test_a_benchmark_without_a_reserve_says_nothing_of_it(project: TinyProject) -> None:
    (project.folder / f"benchmarks/{TASK}/{PLACE}").unlink()
    found = checked(project)
    assert (found.fit, found.health.reserve) == (True, 0)


def test_every_refused_line_is_a_finding_with_its_line(project: TinyProject) -> None:
    bad = [
        LINES[0] | {"ideal": ""}, LINES[1] | {"id": CASES[0]["id"]}, LINES[2],
        LINES[3] | {"id": LINES[2]["id"]}, LINES[4] | {"idael": "x"},
    ]  # fmt: skip
    with_reserve(project, *bad)
    found = checked(project)
    assert in_reserve(found) == [
        ("empty", 1), ("duplicate", 2), ("duplicate", 4), ("refused", 5),
    ]  # fmt: skip
    assert found.health.fingerprint, "the cases themselves are whole"


def test_an_input_of_a_case_or_of_a_training_set_is_unfit(project: TinyProject) -> None:
    same = LINES[0] | {"input": str(CASES[1]["input"]).upper(), "ideal": CASES[1]["ideal"]}
    project.write_lines(
        "adapters/datasets/some.jsonl", [{"input": LINES[2]["input"], "output": "x"}]
    )
    with_reserve(project, same, LINES[1], LINES[2])
    found = checked(project)
    assert in_reserve(found) == [("duplicate", 1), ("overlap", 3)]
    assert f"the input of {CASES[1]['id']} (line 2 of cases.jsonl)" in found.unfit[0].message


def test_ideals_checks_placeholders_and_slices_are_looked_at_as_in_cases(
    project: TinyProject,
) -> None:
    with_reserve(
        project,
        LINES[0] | {"checks": {"max_words": 2}},
        LINES[1] | {"id": "PLACEHOLDER-1"},
        LINES[2] | {"slices": {}},
        LINES[3] | {"input": "to ana@example.com about it"},
    )
    found = checked(project)
    assert in_reserve(found) == [("check", 1), ("placeholder", 2)]
    advice = [(one.kind, one.line) for one in found.advice if one.file == PLACE]
    assert advice == [("slice", 3), ("personal_data", 4), ("size", None)]


def test_a_guard_has_no_reserve(project: TinyProject) -> None:
    project.write_lines(f"benchmarks/{GUARD}/{PLACE}", LINES)
    (found,) = check(project.project, [GUARD])
    assert "a guard benchmark has no reserve" in found.unfit[0].message


def open_verdict(project: TinyProject) -> None:
    """Leave a verdict that was open on the cases, so that it looked at ten of the reserve."""
    for name, apart in (("good", 0.0), ("close", 0.3)):
        nlls = {case["id"]: 0.4 + apart * (n % 2 - 0.45) for n, case in enumerate(CASES)}
        project.record(name, nlls=nlls)
        project.write_lines(
            f"recorded/{name}/{TASK}.reserve.jsonl",
            [{"case": c["id"], "output": c["ideal"], "ideal_nll": 0.4} for c in LINES[:10]],
        )
    project.promote("good")
    verdict = harness.evaluate("close", benchmarks=[TASK], project=project.folder)[TASK]
    assert RESERVE_RUN in verdict.runs, verdict.reasons


@pytest.mark.long
def test_a_reserve_that_grew_since_it_was_looked_at_is_fit(project: TinyProject) -> None:
    open_verdict(project)
    assert checked(project).health.looked_at == 10
    with_reserve(project, *LINES, LINES[0] | {"id": "new", "input": "another matter of firm900"})
    assert checked(project).fit


@pytest.mark.long
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([LINES[1], LINES[0], *LINES[2:]], "more-1 stands before more-0"),
        ([LINES[0], *LINES[2:]], "more-1 is gone"),
        ([LINES[0] | {"ideal": "Other."}, *LINES[1:]], "more-0 is not as it was"),
    ],
)
def test_a_beginning_that_verdicts_looked_at_must_stay(
    project: TinyProject, lines: list[dict[str, Any]], said: str
) -> None:
    open_verdict(project)
    with_reserve(project, *lines)
    (found,) = checked(project).unfit
    assert (found.kind, found.file) == ("reserve", PLACE)
    assert said in found.message and "the first 10 cases" in found.message
    with_reserve(project)
    assert checked(project).fit, "the remedy helps"


@pytest.mark.slow
def test_a_new_version_of_the_benchmark_may_begin_its_reserve_anew(project: TinyProject) -> None:
    open_verdict(project)
    with_reserve(project, *reversed(LINES))
    project.benchmark(TASK, BENCHMARK, [CASES[0] | {"ideal": "Other."}, *CASES[1:]])
    assert checked(project).fit


@pytest.mark.long
def test_a_reserve_that_is_gone_altogether_is_told(project: TinyProject) -> None:
    open_verdict(project)
    (project.folder / f"benchmarks/{TASK}/{PLACE}").unlink()
    (found,) = checked(project).unfit
    assert "more-0 is gone" in found.message
