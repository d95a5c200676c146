"""Cases come in from whatever table people keep them in, whole or not at all.

Tests `rows` as well, which reads the cells of an imported table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError, RequestError
from harness.flows.benchmarks.case_table import CaseImportRequest, ImportedCases
from harness.flows.benchmarks.importing import import_benchmark
from tests.fakes.project import CASES, TASK, TinyProject

CSV = """\
Nr,Prompt,Expected,ideal2,slice:industry,Critical,cluster,notes
one,"Write: Ana, Delta","Hi Ana, how are things?",Hello Ana,logistics,yes,g1,x
two,"Write: Ben
from Orca",Hi Ben,,health,,,
"""
WANTED = [
    {
        "id": "one",
        "input": "Write: Ana, Delta",
        "ideal": ["Hi Ana, how are things?", "Hello Ana"],
        "slices": {"industry": "logistics"},
        "critical": True,
        "group": "g1",
    },
    {
        "id": "two",
        "input": "Write: Ben\nfrom Orca",
        "ideal": "Hi Ben",
        "slices": {"industry": "health"},
    },
]


def imported(project: TinyProject, place: str, text: str, **asked: Any) -> ImportedCases:
    file = project.write(place, text)
    usual = {"name": "new", "ignore": ("notes", "x")}
    return import_benchmark(project.project, file, CaseImportRequest(**{**usual, **asked}))


def lines(project: TinyProject, name: str = "new") -> list[dict[str, Any]]:
    file = project.folder / "benchmarks" / name / "cases.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def folder(project: TinyProject) -> Path:
    return project.folder / "benchmarks" / "new"


def test_a_csv_becomes_a_benchmark_that_the_ordinary_reader_takes(project):
    found = imported(project, "cases.csv", CSV)
    assert lines(project) == WANTED
    assert found.columns.unused == ("notes",)
    assert found.benchmark == project.project.benchmark("new")
    assert found.benchmark.task == "new"


def test_the_same_table_with_tabs(project):
    imported(project, "cases.tsv", "input\tideal\tslices.kind\na, b\tc\tshort\n")
    assert lines(project) == [
        {"id": "row-2", "input": "a, b", "ideal": "c", "slices": {"kind": "short"}}
    ]


@pytest.mark.long
def test_a_spreadsheet_with_a_formula_is_text_and_never_run(project):
    openpyxl = pytest.importorskip("openpyxl", reason="spreadsheets need openpyxl")
    book = openpyxl.Workbook()
    for row in (["input", "ideal", "critical"], ["one", "=1+1", True], ["two", "ja", None]):
        book.active.append(row)
    book.active["B2"].data_type = "s"
    file = project.folder / "cases.xlsx"
    book.save(file)
    import_benchmark(project.project, file, CaseImportRequest("new"))
    assert lines(project) == [
        {"id": "row-2", "input": "one", "ideal": "=1+1", "critical": True},
        {"id": "row-3", "input": "two", "ideal": "ja"},
    ]


def test_a_benchmarks_own_file_comes_back_as_it_was(project):
    case = CASES[0] | {"checks": {"max_words": {"value": 20, "level": "report"}}, "critical": True}
    text = "".join(json.dumps(one) + "\n" for one in (case, *CASES[1:]))
    imported(project, "cases.jsonl", text)
    assert lines(project) == [case, *CASES[1:]]


@pytest.mark.parametrize(
    ("cell", "asked", "wanted"),
    [
        ('["a", "b"]', {}, ["a", "b"]),
        ("a || b ||", {"separator": "||"}, ["a", "b"]),
        ("a || b", {}, "a || b"),
        ("[sic] a", {}, "[sic] a"),
        ("a||a", {"separator": "||"}, "a"),
        ("  a\r\nb ", {}, "a\nb"),
    ],
)
def test_several_ideals_may_stand_in_one_cell(project, cell, asked, wanted):
    imported(project, "cases.jsonl", json.dumps({"input": "i", "ideal": cell}), **asked)
    assert lines(project)[0]["ideal"] == wanted


@pytest.mark.slow
def test_columns_may_be_told_and_are_remembered(project):
    text = "sent_in,good,x\nhello,hi,1\n"
    with pytest.raises(BenchmarkError, match=r"cases.csv:1: no column is understood as `input`"):
        imported(project, "cases.csv", text)
    imported(project, "cases.csv", text, told={"input": "sent_in", "ideal": "good"})
    imported(project, "cases.csv", text, name="again")
    assert lines(project, "again") == lines(project)
    with pytest.raises(BenchmarkError, match="--map input=COLUMN"):
        imported(project, "cases.csv", text, name="third", forget=True)


def test_a_constant_holds_for_every_row(project):
    text = "input,ideal\na,b\nc,d\n"
    imported(project, "cases.csv", text, constants={"slices.kind": "short", "critical": "yes"})
    assert all(one["slices"] == {"kind": "short"} and one["critical"] for one in lines(project))


def test_every_bad_row_is_named_and_nothing_is_written(project):
    rows = ["id,input,ideal,critical", "a,x,y,maybe", "a,,y,", "b,x,,", "b,x,y,", "B,q,z,", "c,x"]
    found = imported(project, "cases.csv", "\n".join(rows))
    told = [line.removeprefix(str(project.folder)) for line in found.bad]
    assert [line.split(":")[1] for line in told] == ["2", "3", "4", "6", "7"]
    assert "`critical` is 'maybe'" in told[0]
    assert "`input` is empty" in told[1]
    assert "`ideal` is empty" in told[2]
    assert "stands already at" in told[3]
    assert "has 2 fields" in told[4]
    assert not folder(project).exists()
    assert not (project.folder / "reports" / "columns.json").exists()


def test_a_dry_run_writes_nothing(project):
    found = imported(project, "cases.csv", CSV, dry_run=True)
    assert found.cases == WANTED
    assert found.written == ()
    assert not folder(project).exists()
    assert not (project.folder / "reports" / "columns.json").exists()


def test_an_existing_benchmark_is_only_replaced_when_told(project):
    before = (project.folder / "benchmarks" / TASK / "benchmark.toml").read_text()
    with pytest.raises(BenchmarkError, match="--replace"):
        imported(project, "cases.csv", CSV, name=TASK)
    assert len(lines(project, TASK)) == len(CASES)
    found = imported(project, "cases.csv", CSV, name=TASK, replace=True)
    assert lines(project, TASK) == WANTED
    assert (project.folder / "benchmarks" / TASK / "benchmark.toml").read_text() == before
    assert [Path(place).name for place in found.written] == ["cases.jsonl"]


def test_cases_that_somebody_wrote_by_hand_are_not_written_over_either(project):
    project.write("benchmarks/new/cases.jsonl", "precious\n")
    with pytest.raises(BenchmarkError, match=r"cases\.jsonl: is there already"):
        imported(project, "cases.csv", CSV)


def test_an_interrupted_import_is_finished_by_the_same_command(project):
    imported(project, "cases.csv", CSV)
    (folder(project) / "benchmark.toml").unlink()
    assert imported(project, "cases.csv", CSV).benchmark.name == "new"


def test_the_task_of_a_benchmark_that_stays_is_changed_in_its_own_file(project):
    with pytest.raises(RequestError, match="stays as it is"):
        imported(project, "cases.csv", CSV, name=TASK, replace=True, task="other")


@pytest.mark.slow
def test_a_guard_has_no_task(project):
    assert imported(project, "cases.csv", CSV, guard=True).benchmark.guard
    with pytest.raises(RequestError, match="give one of them"):
        imported(project, "cases.csv", CSV, name="other", guard=True, task="openers")


def test_new_cases_are_read_with_the_checks_of_a_benchmark_that_stays(project):
    toml = (project.folder / "benchmarks" / TASK / "benchmark.toml").read_text()
    project.write(f"benchmarks/{TASK}/benchmark.toml", toml + "[checks]\nmax_words = 3\n")
    found = imported(project, "cases.csv", CSV, name=TASK, replace=True)
    assert [check.name for case in found.benchmark.cases for check in case.checks] == [
        "max_words",
        "max_words",
    ]


@pytest.mark.parametrize("name", ["../x", "", "a/b", "CON", ".hidden", "x" * 65])
def test_a_name_that_is_no_name_is_refused(project, name):
    with pytest.raises(BenchmarkError, match="--name"):
        imported(project, "cases.csv", CSV, name=name)


def test_a_folder_that_is_a_link_out_of_the_project_is_refused(project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (project.folder / "benchmarks" / "new").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BenchmarkError, match="leads out"):
        imported(project, "cases.csv", CSV)


@pytest.mark.parametrize("text", ["", "input,ideal\n", "input,ideal\n,\n"])
def test_a_table_without_rows_is_refused(project, text):
    with pytest.raises(BenchmarkError):
        imported(project, "cases.csv", text)


@pytest.mark.parametrize("checks", ['{"max_wrods": 3}', "[1]", "{no"])
def test_checks_that_mean_nothing_are_a_bad_row(project, checks):
    row = json.dumps({"input": "i", "ideal": "o", "checks": checks})
    assert len(imported(project, "cases.jsonl", row).bad) == 1


def test_a_column_that_would_be_lost_is_refused_with_the_options_that_would_do(project):
    text = "input,ideal,owner,empty\na,b,Kim,\n"
    with pytest.raises(BenchmarkError, match=r"not read: `owner`; --ignore owner leaves out"):
        imported(project, "cases.csv", text)
    assert not folder(project).exists()
    assert imported(project, "cases.csv", text, dry_run=True).unread == ("owner",)
    imported(project, "cases.csv", text, ignore=("owner",))
    imported(project, "cases.csv", text, name="sliced", told={"slices.owner": "owner"})
    assert lines(project, "sliced")[0]["slices"] == {"owner": "Kim"}


def test_a_field_that_is_given_no_column_is_left_out_like_one_that_is_ignored(project):
    text = "input,ideal,cluster\na,b,g1\n"
    imported(project, "cases.csv", text, told={"group": ""})
    assert "group" not in lines(project)[0]


def test_items_of_a_json_list_on_one_line_are_cases_of_their_own(project: TinyProject) -> None:
    items = [{"instruction": "Answer.", "input": text, "output": f"Yes, {text}"} for text in "abc"]
    imported(project, "alpaca.json", json.dumps(items))
    assert [case["id"] for case in lines(project)] == ["row-1", "row-2", "row-3"]
