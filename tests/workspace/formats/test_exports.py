"""The head of an export is found wherever it stands, and how it was read is part of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from harness.errors import DataError
from harness.workspace.formats.exports import Export, read_export
from tests.fakes.refusals import refused

KNOWN = ("date", "draft", "final", "editor")


def fits(cells: Sequence[str]) -> tuple[int, int]:
    found = len({cell.strip().casefold() for cell in cells} & set(KNOWN))
    return min(found, 3), found


def export(file: Path, **more: str) -> Export:
    return read_export(file, DataError, fits, **more)


def csv_file(folder: Path, text: str, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8", newline="")
    return file


def book(folder: Path, **sheets: list[list[object]]) -> Path:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name.strip("_"))
        sheet.sheet_state = "hidden" if name.startswith("_") else "visible"
        for row in rows:
            sheet.append(row)
    made.save(folder / "t.xlsx")
    return folder / "t.xlsx"


HEAD: list[object] = ["Date", "Draft", "Final"]
ROW: list[object] = ["1", "a", "b"]


@pytest.mark.parametrize(
    ("text", "separator", "head"),
    [
        ("Date,Draft,Final\n1,a,b\n", "commas", 1),
        ("Date;Draft;Final\n1;a;b\n", "semicolons", 1),
        ("Date\tDraft\tFinal\n1\ta\tb\n", "tabs", 1),
        ("sep=;\r\nDate;Draft;Final\r\n1;a;b\r\n", "semicolons", 2),
        ('"sep=,"\nDate,Draft,Final\n1,a,b\n', "commas", 2),
        ("sep=|\nDate|Draft|Final\n1|a|b\n", "|", 2),
        ("My, very, long, title\n\nDate;Draft;Final\n1;a;b\n", "semicolons", 3),
        ('"A title\nof two lines",,\n,,\nDate,Draft,Final,\n1,a,b,\n', "commas", 4),
    ],
)
def test_separators_and_titles_are_found(
    tmp_path: Path, text: str, separator: str, head: int
) -> None:
    found = export(csv_file(tmp_path, text))
    assert (found.form.kind, found.form.separator, found.form.head) == ("CSV", separator, head)
    assert found.rows.columns == ("Date", "Draft", "Final")
    assert [(r.line, dict(r.values)) for r in found.rows.each] == [
        (head + 1, {"Date": "1", "Draft": "a", "Final": "b"})
    ]


def test_a_row_of_data_is_not_taken_for_the_head(tmp_path: Path) -> None:
    found = export(csv_file(tmp_path, "what,who,x,y\ndraft,final,1,2\n"))
    assert found.form.head == 1 and found.rows.columns == ("what", "who", "x", "y")


def test_objects_in_json_lines_are_opened(tmp_path: Path) -> None:
    text = '{"a": {"b": 1, "c": {"d": "x"}}, "slices": {"k": "v"}, "e": {}}\n'
    found = export(csv_file(tmp_path, text, "t.jsonl"))
    assert found.rows.columns == ("a.b", "a.c.d", "slices", "e")


def test_the_sheet_and_row_of_the_head_are_found(tmp_path: Path) -> None:
    file = book(tmp_path, Summary=[["Week", "Editor"], ["1", "Kim"]],
                Data=[["Reviews of November"], [], HEAD, ROW], Empty=[])  # fmt: skip
    found = export(file)
    assert (found.form.sheet, found.form.head) == ("Data", 3)
    assert [row.line for row in found.rows.each] == [4]
    assert export(file, sheet="Summary").rows.columns == ("Week", "Editor")


def test_several_sheets_that_fit_are_asked_about(tmp_path: Path) -> None:
    file = book(tmp_path, October=[HEAD, ROW], November=[[*HEAD, "Editor"], ROW])
    with refused('2 sheets fit, choose one with --sheet "October" or --sheet "November"'):
        export(file)
    assert export(file, sheet="October").form.sheet == "October"
    with refused('has no such sheet, but "October", "November"'):
        export(file, sheet="Oct")


def test_a_hidden_sheet_is_read_only_where_it_is_asked_for(tmp_path: Path) -> None:
    file = book(tmp_path, _Old=[HEAD, ROW, ROW], New=[HEAD, ROW])
    assert export(file).form.sheet == "New"
    assert export(file, sheet="Old").form.sheet == "Old"


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("t.xls", {}, "save it as XLSX"),
        ("t.ods", {}, "is no table that is understood, known are .csv"),
        ("t.csv", {"sheet": "x"}, "t.csv has no sheets"),
        ("t.xlsx", {"encoding": "cp1252"}, "t.xlsx is a spreadsheet"),
        ("t.csv", {}, r"t\.csv:1: has no head"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, more: dict[str, str], said: str
) -> None:
    with refused(said, DataError):
        export(csv_file(tmp_path, "", name), **more)
