"""Rows of a table enter the reserve, all or none; what replaces the cases leaves it alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.flows.benchmarks.adding import AddedCases, NewCase, add_to_reserve
from harness.flows.benchmarks.case_table import CaseImportRequest
from harness.flows.benchmarks.importing import import_benchmark
from harness.flows.benchmarks.importing_reserve import import_reserve
from tests.fakes.finals import finals, reserve_of
from tests.fakes.project import CASES, GUARD, TASK, TinyProject
from tests.fakes.refusals import refused

PLACE = f"benchmarks/{TASK}/cases.reserve.jsonl"
LINES = [reserve_of(review, f"more-{n}") for n, review in enumerate(finals(3))]
TABLE = "input,ideal,industry\nwhat about parking at firm77,Park here.,health\n"


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


def imported(project: TinyProject, text: str, **how: Any) -> tuple[list[str], AddedCases | None]:
    file = project.write("rows.csv", text)
    asked = CaseImportRequest(TASK, reserve=True, **how)
    found, added = import_reserve(project.project, file, asked)
    return found.bad, added


def reserve(project: TinyProject) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.folder / PLACE).read_text().splitlines()]


def test_a_table_is_added_at_the_end_with_ids_made_of_the_content(project: TinyProject) -> None:
    project.write_lines(PLACE, LINES)
    told = {"slices.industry": "industry"}
    _, added = imported(project, TABLE, told=told)
    assert added is not None and added.reserve == 4
    *before, new = reserve(project)
    assert before == LINES
    assert new["id"].startswith("case-") and new["slices"] == {"industry": "health"}
    _, again = imported(project, TABLE, told=told)
    assert again is not None and (again.added, again.already) == ([], [new["id"]])
    assert len(reserve(project)) == 4


def test_a_dry_run_writes_nothing(project: TinyProject) -> None:
    _, added = imported(project, TABLE, ignore=("industry",), dry_run=True)
    assert added is not None and len(added.added) == 1
    assert not (project.folder / PLACE).exists()


def test_a_row_that_is_no_case_keeps_all_out(project: TinyProject) -> None:
    bad, added = imported(project, "input,ideal\na matter of firm1,Yes.\nanother,\n")
    assert len(bad) == 1 and added is None
    assert not (project.folder / PLACE).exists()


def test_a_row_with_the_input_of_a_case_keeps_all_out(project: TinyProject) -> None:
    text = f'input,ideal\na matter of firm1,Yes.\n"{CASES[0]["input"]}",x\n'
    _, added = imported(project, text)
    assert added is not None and added.added == []
    assert "rows.csv:3: " in added.bad[0] and "no output can fit both" in added.bad[0]


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        (TASK, {"replace": True}, "--reserve adds cases to a benchmark that is there"),
        (TASK, {"task": "x"}, "without --replace, --task, --guard"),
        (GUARD, {}, "a guard benchmark has no reserve"),
        ("opners", {}, "did you mean `openers`"),
    ],
)
def test_what_has_no_reserve_is_one_line(
    project: TinyProject, name: str, how: dict[str, Any], said: str
) -> None:
    file = project.write("rows.csv", TABLE)
    with refused(said):
        import_reserve(project.project, file, CaseImportRequest(name, reserve=True, **how))


def test_a_column_that_is_not_read_is_refused(project: TinyProject) -> None:
    with refused("not read: `industry`"):
        imported(project, TABLE)


def replaced(project: TinyProject, text: str) -> list[str]:
    file = project.write("cases.csv", text)
    found = import_benchmark(project.project, file, CaseImportRequest(TASK, replace=True))
    return found.notes


def test_replacing_the_cases_keeps_the_reserve(project: TinyProject) -> None:
    project.write_lines(PLACE, LINES)
    before = (project.folder / PLACE).read_bytes()
    replaced(project, "id,input,ideal\na,write to Ana,Hi Ana\n")
    assert (project.folder / PLACE).read_bytes() == before
    assert len(project.project.benchmark(TASK).reserve) == 3


def test_a_new_case_may_not_have_an_id_of_the_reserve(project: TinyProject) -> None:
    project.write_lines(PLACE, LINES)
    before = (project.folder / f"benchmarks/{TASK}/cases.jsonl").read_bytes()
    with refused("id 'more-0' stands already at .*cases.reserve.jsonl"):
        replaced(project, "id,input,ideal\nmore-0,write to Ana,Hi Ana\n")
    assert (project.folder / f"benchmarks/{TASK}/cases.jsonl").read_bytes() == before


def test_a_new_case_with_an_input_of_the_reserve_is_told(project: TinyProject) -> None:
    project.write_lines(PLACE, LINES)
    notes = replaced(project, f'id,input,ideal\na,"{LINES[1]["input"]}",Hi\nb,other,Hi\n')
    (said,) = [note for note in notes if "reserve" in note]
    assert "a has the input of more-1 (line 2 of cases.reserve.jsonl)" in said


def test_cases_are_added_in_the_order_in_which_they_come(project: TinyProject) -> None:
    new = [NewCase("file", n, line) for n, line in enumerate(reversed(LINES), start=1)]
    assert add_to_reserve(project.project, TASK, new).added == ["more-2", "more-1", "more-0"]
    assert [one["id"] for one in reserve(project)] == ["more-2", "more-1", "more-0"]


def test_two_new_cases_with_one_input_keep_all_out(project: TinyProject) -> None:
    twice = [LINES[0], LINES[0] | {"id": "again"}]
    new = [NewCase("file", n, line) for n, line in enumerate(twice, start=1)]
    found = add_to_reserve(project.project, TASK, new)
    assert found.added == [] and "file:2: again has the input of more-0 (line 1)" in found.bad[0]


@pytest.mark.medium
def test_two_people_who_add_at_once_lose_nothing(project: TinyProject) -> None:
    opened = project.project
    lines = [reserve_of(review, f"more-{n}") for n, review in enumerate(finals(6))]
    with ThreadPoolExecutor(6) as pool:
        new = ([NewCase("file", 1, line)] for line in lines)
        list(pool.map(lambda one: add_to_reserve(opened, TASK, one), new))
    assert {one["id"] for one in reserve(project)} == {line["id"] for line in lines}
