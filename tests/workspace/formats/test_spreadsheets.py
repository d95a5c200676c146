"""A spreadsheet is rows of text: nothing in it is run, and it cannot unpack to a flood."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from harness.errors import DataError
from harness.workspace.formats import spreadsheets
from harness.workspace.formats.reading import MAX_LINE
from harness.workspace.formats.tables import read_rows
from tests.fakes.refusals import refused


def sheet(folder: Path, lines: list[list[Any]]) -> Path:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def test_cells_come_as_texts(tmp_path: Path) -> None:
    when = datetime(2026, 11, 20, 9, 12)
    file = sheet(tmp_path, [["a", "b", "c", "d"], [1, 2.5, True, when], [None, "x", None, None]])
    found = read_rows(file, DataError)
    assert found.columns == ("a", "b", "c", "d")
    assert [(row.line, tuple(row.values.values())) for row in found.each] == [
        (2, ("1", "2.5", "true", "2026-11-20T09:12:00")),
        (3, ("", "x", "", "")),
    ]


def test_empty_rows_count_as_lines_and_are_no_rows(tmp_path: Path) -> None:
    found = read_rows(sheet(tmp_path, [["a"], [], ["x"], [None]]), DataError)
    assert [(row.line, row.values) for row in found.each] == [(3, {"a": "x"})]


def test_a_row_longer_than_the_head_is_a_bad_row(tmp_path: Path) -> None:
    (row,) = read_rows(sheet(tmp_path, [["a", None], ["x", None, "y"]]), DataError).each
    assert "has 3 fields, the head has 1" in row.problem


def test_a_formula_is_what_it_last_was_and_is_never_run(tmp_path: Path) -> None:
    found = read_rows(sheet(tmp_path, [["a", "b"], ['=HYPERLINK("x")', "y"]]), DataError)
    assert [row.values for row in found.each] == [{"a": "", "b": "y"}]


def changed(file: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """The same spreadsheet with one of its parts rewritten."""
    with zipfile.ZipFile(file) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, change(content) if name == part else content)


def test_a_sheet_that_claims_to_be_huge_is_read_as_large_as_it_is(tmp_path: Path) -> None:
    file = sheet(tmp_path, [["a"], ["x"]])
    said = re.compile(rb'<dimension ref="[^"]*"')
    changed(
        file,
        "xl/worksheets/sheet1.xml",
        lambda content: said.sub(b'<dimension ref="A1:XFD1048576"', content),
    )
    assert [row.values for row in read_rows(file, DataError).each] == [{"a": "x"}]


@pytest.mark.long
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = sheet(tmp_path, [["a"], ["x"]])
    changed(file, "xl/styles.xml", lambda content: content + b" " * (spreadsheets.MAX_HELD + 1))
    assert file.stat().st_size < 1_000_000
    with refused(r"t\.xlsx: unpacks to [\d,]+ bytes", DataError):
        list(read_rows(file, DataError).each)


def test_entities_do_not_multiply(tmp_path: Path) -> None:
    file = sheet(tmp_path, [["a"], ["x"]])
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE worksheet [<!ENTITY e0 "{"x" * 100}">{levels}]>'.encode()
    changed(
        file,
        "xl/worksheets/sheet1.xml",
        lambda content: bomb + content.replace(b"<t>x</t>", b"<t>&e9;</t>"),
    )
    with refused("is no spreadsheet that can be read", DataError):
        list(read_rows(file, DataError).each)


def rewritten(folder: Path, rows: str) -> Path:
    """A spreadsheet whose sheet has these rows of XML below its head."""
    file = sheet(folder, [["a"]])
    changed(
        file,
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"</sheetData>", rows.encode() + b"</sheetData>"),
    )
    return file


def cell(where: str, text: str = "x") -> str:
    number = where.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{number}"><c r="{where}" t="inlineStr"><is><t>{text}</t></is></c></row>'


@pytest.mark.parametrize("where", [f"A{10**18}", "A1048577", "XFD2", "ALM2"])
def test_a_cell_beyond_what_is_read_is_refused_at_once(tmp_path: Path, where: str) -> None:
    number = where.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    with refused(rf"t\.xlsx:{number}: has a cell in column", DataError):
        list(read_rows(rewritten(tmp_path, cell(where)), DataError).each)


def test_a_far_row_costs_nothing_for_the_rows_between(tmp_path: Path) -> None:
    found = read_rows(rewritten(tmp_path, cell("A1048576")), DataError)
    assert [(row.line, row.values) for row in found.each] == [(1_048_576, {"a": "x"})]


def test_formatted_cells_without_content_are_no_cells(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>x</t></is></c><c r="XFD{n}" s="0"/></row>'
        for n in range(2, 2_000)
    )
    found = read_rows(rewritten(tmp_path, rows), DataError)
    assert sum(row.values == {"a": "x"} for row in found.each) == 1_998


def test_a_cell_of_many_megabytes_is_refused_while_it_is_read(tmp_path: Path) -> None:
    huge = "y" * (MAX_LINE + 100_000)
    with refused("a row or part of more than 4,194,304 bytes", DataError):
        list(read_rows(rewritten(tmp_path, cell("A2", huge)), DataError).each)


@pytest.mark.long
@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2">' + "<c/>" * 90_000 + "</row>",
        "".join(f'<row r="{n}">{"<c/>" * 30_000}</row>' for n in range(2, 12)),
    ],
    ids=["in one row", "in many rows"],
)
def test_cells_without_content_are_not_read_for_minutes(tmp_path: Path, rows: str) -> None:
    few = cell("A20")
    with refused("cells without content|more than 4,194,304 bytes or 100,000 tags", DataError):
        list(read_rows(rewritten(tmp_path, rows * 3 + few), DataError).each)


def test_what_stands_behind_the_last_row_is_not_read(tmp_path: Path) -> None:
    file = sheet(tmp_path, [["a"], ["x"]])
    merged = b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"'
    changed(
        file,
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"</sheetData>", merged),
    )
    assert [row.values for row in read_rows(file, DataError).each] == [{"a": "x"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(tmp_path: Path, encoding: str) -> None:
    file = sheet(tmp_path, [["a"], ["x"]])
    head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]>'
    changed(
        file,
        "xl/worksheets/sheet1.xml",
        lambda content: (head + content.decode()).encode(encoding),
    )
    with refused("a document type, which a spreadsheet has not", DataError):
        list(read_rows(file, DataError).each)


@pytest.mark.medium
def test_a_zip_of_a_hundred_thousand_parts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    with zipfile.ZipFile(file, "w") as made:
        for number in range(10_001):
            made.writestr(f"{number}", "")
    with refused("10,001 parts, at most 10,000 are read", DataError):
        list(read_rows(file, DataError).each)


def test_a_carriage_return_of_excel_is_one(tmp_path: Path) -> None:
    (row,) = read_rows(sheet(tmp_path, [["a"], ["x_x000D_\ny"]]), DataError).each
    assert row.values == {"a": "x\r\ny"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0" * 200])
def test_what_is_no_spreadsheet_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "t.xlsx"
    file.write_bytes(content)
    with refused(r"t\.xlsx: is no spreadsheet", DataError):
        list(read_rows(file, DataError).each)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_damaged_parts_are_refused_in_one_line(tmp_path: Path, part: str) -> None:
    file = sheet(tmp_path, [["a"], ["x"]])
    changed(file, part, lambda content: content[: len(content) // 2])
    with refused("is no spreadsheet that can be read", DataError):
        list(read_rows(file, DataError).each)
