"""A person's answers: confirmed proposals enter the reserve, in order, once, with who and when."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError
from harness.flows.reviews.confirming import Confirmed, confirm
from harness.flows.reviews.export import ReviewFilter, training_lines
from harness.flows.reviews.proposals import propose, write_proposals
from harness.workspace.project.reserve import read_confirmations
from tests.fakes.finals import finals, keep
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject
from tests.fakes.refusals import refused

RESERVE = f"benchmarks/{TASK}/cases.reserve.jsonl"
Line = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    made = TinyProject(tmp_path / "project")
    keep(made, finals(40, edited=10))
    return made


def proposals(project: TinyProject, count: int | None = None) -> list[Line]:
    file = project.folder / "written.jsonl"
    file.unlink(missing_ok=True)
    opened = project.project
    with closing(project.store()) as store:
        write_proposals(propose(opened, store, opened.benchmark(TASK), count), file)
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def yes(lines: list[Line]) -> list[Line]:
    return [line | {"confirmed": True} for line in lines]


def answered(project: TinyProject, lines: list[Line], **how: Any) -> Confirmed:
    file = project.write_lines("answers.jsonl", lines)
    return confirm(project.project, file, **{"by": "Ana", **how})


def reserve(project: TinyProject) -> list[Line]:
    file = project.folder / RESERVE
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_what_is_confirmed_enters_in_the_files_order_with_the_changed_ideal(
    project: TinyProject,
) -> None:
    lines = yes(proposals(project, 5))
    lines[1]["ideal"] = "Better so."
    lines[3]["confirmed"] = False
    found = answered(project, lines)
    ids = [lines[place]["id"] for place in (0, 1, 2, 4)]
    assert (found.cases.added, found.waiting, found.cases.reserve) == (ids, 1, 4)
    assert [one["id"] for one in reserve(project)] == ids
    assert reserve(project)[1]["ideal"] == "Better so."
    assert all(one.keys() <= {"id", "input", "ideal", "slices"} for one in reserve(project))
    assert [case.id for case in project.project.benchmark(TASK).reserve] == ids


def test_a_second_time_changes_nothing(project: TinyProject) -> None:
    lines = yes(proposals(project, 3))
    answered(project, lines)
    before = (project.folder / RESERVE).read_bytes()
    found = answered(project, lines)
    assert (found.cases.added, len(found.cases.already)) == ([], 3)
    assert (project.folder / RESERVE).read_bytes() == before
    assert len(read_confirmations(project.folder / "benchmarks" / TASK)) == 3


def test_later_answers_come_behind_the_earlier(project: TinyProject) -> None:
    first = yes(proposals(project, 3))
    answered(project, first)
    second = yes(proposals(project, 3))
    answered(project, second)
    assert [one["id"] for one in reserve(project)] == [one["id"] for one in (*first, *second)]


def test_who_confirmed_and_declined_is_remembered(project: TinyProject) -> None:
    lines = yes(proposals(project, 2))
    lines[1]["confirmed"] = "never"
    assert answered(project, lines, by="Kim").declined == (lines[1]["id"],)
    said = read_confirmations(project.folder / "benchmarks" / TASK)
    assert [(one.id, one.confirmed, one.by) for one in said] == [
        (lines[0]["id"], True, "Kim"), (lines[1]["id"], False, "Kim"),
    ]  # fmt: skip
    assert said[0].at.endswith("Z")
    assert not {line["id"] for line in lines} & {one["id"] for one in proposals(project)}


def test_the_benchmarks_fingerprint_stays(project: TinyProject) -> None:
    before = project.project.benchmark(TASK).fingerprint
    answered(project, yes(proposals(project, 3)))
    assert project.project.benchmark(TASK).fingerprint == before


def test_a_dry_run_says_the_same_and_writes_nothing(project: TinyProject) -> None:
    lines = yes(proposals(project, 3))
    found = answered(project, lines, dry_run=True)
    assert len(found.cases.added) == 3
    assert not (project.folder / RESERVE).exists()
    assert read_confirmations(project.folder / "benchmarks" / TASK) == []


@pytest.mark.medium
def test_confirmed_finals_are_taught_no_more(project: TinyProject) -> None:
    def taught() -> set[str]:
        with closing(project.store()) as store:
            return {one["input"] for one in training_lines(project.project, store, ReviewFilter())}

    lines = yes(proposals(project, 30))
    asked = {line["input"] for line in lines}
    assert taught() & asked
    # also where a person took a name out of the input
    lines[0]["input"] = "NAME wants something that nobody else asked for in this benchmark"
    answered(project, lines)
    assert taught() and not taught() & asked
    assert not {line["input"] for line in proposals(project, 30)} & asked


def wrong(line: Line) -> dict[str, Line]:
    """Lines that cannot enter, by what is said about them."""
    return {
        "`ideal` is blank": line | {"ideal": " "},
        "unknown key `note`": line | {"note": "x"},
        "has the input of logistics-1 .line 1 of cases.jsonl.": line
        | {"input": CASES[0]["input"], "ideal": CASES[0]["ideal"]},
        "id 'logistics-1' stands already at": line | {"id": "logistics-1"},
        "is a placeholder": line | {"id": "PLACEHOLDER-1"},
        "is in the training data: some.jsonl:1": line | {"input": "taught to one of them before"},
    }


@pytest.mark.parametrize("said", wrong({}))
def test_one_line_that_cannot_enter_keeps_all_out(project: TinyProject, said: str) -> None:
    taught = [{"input": "taught to one of them before", "output": "x"}]
    project.write_lines("adapters/datasets/some.jsonl", taught)
    first, second = yes(proposals(project, 2))
    found = answered(project, [first, wrong(second)[said]])
    assert len(found.cases.bad) == 1 and "answers.jsonl:2: " in found.cases.bad[0]
    with refused(said):
        raise RequestError(found.cases.bad[0])
    assert not (project.folder / RESERVE).exists()
    assert read_confirmations(project.folder / "benchmarks" / TASK) == []


def test_an_ideal_that_fails_its_own_check_keeps_all_out(project: TinyProject) -> None:
    project.benchmark(TASK, BENCHMARK + "\n[checks]\nmax_words = 3\n", [
        case | {"checks": {"max_words": 40}} for case in CASES
    ])  # fmt: skip
    (bad,) = answered(project, yes(proposals(project, 1))).cases.bad
    assert "an ideal of sent-" in bad and "max_words" in bad


def test_a_confirmed_case_is_not_changed_afterwards(project: TinyProject) -> None:
    lines = yes(proposals(project, 1))
    answered(project, lines)
    found = answered(project, [lines[0] | {"ideal": "Other."}])
    assert "says something else there, which stays" in found.cases.bad[0]
    assert reserve(project)[0]["ideal"] == lines[0]["ideal"]


def test_what_a_person_should_look_at_stops_nothing(project: TinyProject) -> None:
    (line,) = yes(proposals(project, 1))
    found = answered(project, [line | {"ideal": "Mail ana@example.com"}])
    assert found.cases.added and "personal data" in found.cases.warnings[0]


@pytest.mark.parametrize(
    ("lines", "how", "said"),
    [
        ([], {}, "holds no proposal"),
        ([{"id": "a", "confirmed": "yes"}], {}, "`confirmed` is 'yes', allowed are true, false"),
        ([{"id": "a", "confirmed": 1}], {}, "`confirmed` is a number"),
        ([{"id": "a", "benchmark": 1}], {}, "`benchmark` is a number"),
        ([{"id": "a", "benchmark": "opners"}], {}, "did you mean `openers`"),
        ([{"id": "a", "benchmark": "other"}], {"name": TASK}, "is proposed for other, not openers"),
        ([{"id": "a", "benchmark": "manners"}], {}, "a guard benchmark has no reserve"),
        ([{"id": "a"}], {"by": " "}, "--by is empty"),
    ],
)
def test_a_file_that_is_none_is_one_line(
    project: TinyProject, lines: list[Line], how: dict[str, Any], said: str
) -> None:
    with refused(said):
        answered(project, lines, **how)


def test_the_file_says_which_benchmark_it_is_for(project: TinyProject) -> None:
    project.benchmark("second", BENCHMARK.replace("openers", "second"), CASES)
    lines = yes(proposals(project, 1))
    assert answered(project, lines).benchmark == TASK
    with refused("several benchmarks fit"):
        answered(project, [{"id": "a"}])
