"""Tables that people keep are read row by row, and each refusal says where."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.workspace.formats.reading import MAX_LINE
from harness.workspace.formats.tables import MAX_FIELD, TableRow, read_rows
from tests.fakes.refusals import refused


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def rows(file: Path) -> list[TableRow]:
    return list(read_rows(file, DataError).each)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "a,b\n1,x y\n2,\n"),
        ("t.CSV", "a,b\r\n1,x y\r\n2,\r\n"),
        ("t.csv", "a;b\n1;x y\n2;"),
        ("t.csv", 'a,"b"\n"1","x y"\n\n2,""\n'),
        ("t.tsv", "a\tb\n1\tx y\n2\t\n"),
        ("t.jsonl", '{"a": "1", "b": "x y"}\n \n{"a": "2", "b": ""}'),
        ("t.csv", codecs.BOM_UTF8 + b"a,b\n1,x y\n2,\n"),
        ("t.jsonl", codecs.BOM_UTF8 + b'{"a": "1", "b": "x y"}\n{"a": "2", "b": ""}\n'),
    ],
)
def test_the_same_table_in_any_form(tmp_path: Path, name: str, content: str | bytes) -> None:
    found = read_rows(table(tmp_path, content, name), DataError)
    assert found.columns == ("a", "b")
    values = [row.values for row in found.each if any(row.values.values())]
    assert values == [{"a": "1", "b": "x y"}, {"a": "2", "b": ""}]


def test_a_row_knows_the_line_on_which_it_begins(tmp_path: Path) -> None:
    file = table(tmp_path, 'a,b\n1,"two\nlines"\n2,x\n')
    assert [(row.line, row.values["b"]) for row in rows(file)] == [(2, "two\nlines"), (4, "x")]


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "x\u2028\x0b\x0c\x85y"
    assert rows(table(tmp_path, f"a\n{text}\n"))[0].values == {"a": text}
    assert rows(table(tmp_path, '{"a": "\u2028\x85"}\n', "t.jsonl"))[0].values["a"] == "\u2028\x85"


def test_a_column_without_a_name_is_not_read(tmp_path: Path) -> None:
    found = read_rows(table(tmp_path, ",a,\n0,1,\n"), DataError)
    assert found.columns == ("a",)
    assert [row.values for row in found.each] == [{"a": "1"}]


def test_the_columns_of_jsonl_are_all_that_its_first_lines_have(tmp_path: Path) -> None:
    file = table(tmp_path, '{"a": 1}\n{"b": [2], "a": null}\n', "t.jsonl")
    assert read_rows(file, DataError).columns == ("a", "b")
    assert [row.values for row in rows(file)] == [{"a": 1}, {"b": [2], "a": None}]


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("t.csv", "1,2,3", "has 3 fields, the head has 2"),
        ("t.csv", "1", "has 1 fields, the head has 2"),
        ("t.csv", "1,\0", "`b` holds a NUL"),
        ("t.csv", f"1,{'x' * (MAX_FIELD + 0)}y", "field"),
        ("t.jsonl", '{"a": "x\\u0000"}', "`a` holds a NUL"),
        ("t.jsonl", '{"a": NaN}', "NaN is not a number"),
        ("t.jsonl", '{"a": 1e999}', "is too large"),
        ("t.jsonl", '{"a": 1, "a": 2}', "stands twice"),
        ("t.jsonl", '{"a": "\\ud800"}', "half of a surrogate pair"),
        ("t.jsonl", f'{{"a": {"[" * 100_000}', "nested deeper"),
        ("t.jsonl", f'{{"a": {"9" * 5_000}}}', "5000 digits"),
        ("t.jsonl", f'{{"a": "{"x" * (MAX_FIELD + 1)}"}}', "characters, at most"),
        ("t.jsonl", "[1]", "is not an object"),
        ("t.jsonl", '{"a":', "is not JSON"),
    ],
)
def test_one_bad_row_says_so_and_the_next_one_is_read(
    tmp_path: Path, name: str, line: str, problem: str
) -> None:
    first = "a,b" if name.endswith("csv") else '{"a": "0", "b": "1"}'
    last = "5,6" if name.endswith("csv") else '{"a": "5", "b": "6"}'
    file = table(tmp_path, f"{first}\n{line}\n{last}\n", name)
    if problem == "field":  # the csv module itself stops there
        with refused(r"t\.csv:2: a field of more than 131,072 characters", DataError):
            rows(file)
        return
    bad, good = rows(file)[-2:]
    assert (bad.line, good.line, bad.values) == (2, 3, {})
    assert problem in bad.problem
    assert (good.problem, good.values) == ("", {"a": "5", "b": "6"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"\xff\xfea\x00", r"t\.csv:1: is UTF-16"),
        ("t.csv", b"a\n\xe4\n", r"t\.csv:2: is not UTF-8"),
        ("t.jsonl", b'{"a": "\xe4"}\n', r"t\.jsonl:1: is not UTF-8"),
        ("t.csv", b"", r"t\.csv:1: has no head"),
        ("t.csv", b"a,b,A\n", r"t\.csv:1: column `A` stands twice"),
        ("t.csv", b"a" * 300 + b"\n", "more than 200 characters"),
        ("t.csv", b"a," * 1_001 + b"\n", "has 1,002 columns"),
        ("t.csv", b'a,b\n1,"x"y\n', r"t\.csv:2: is not CSV"),
        ("t.csv", b'a,b\n1,2\n1,"x\n2,y\n', r"t\.csv:3: is not CSV"),
        ("t.csv", b"a\n" + b"x" * (MAX_LINE + 2), r"t\.csv:2: a line of more than"),
        ("t.jsonl", b"[" * (MAX_LINE + 2), r"t\.jsonl:1: a line of more than"),
        ("t.jsonl", b"not json\n", r"t\.jsonl:1: is not JSON"),
        ("t.txt", b"a\n", "is no table that is understood, known are .csv, .tsv, .jsonl, .xlsx"),
    ],
)
def test_what_makes_every_row_doubtful_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with refused(said, DataError):
        rows(table(tmp_path, content, name))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, said in (
        ("folder.csv", "is a folder"),
        ("pipe.csv", "not a regular file"),
        ("nosuch.csv", "no such file"),
    ):
        with refused(said, DataError):
            rows(tmp_path / name)


def test_rows_are_not_held(tmp_path: Path) -> None:
    file = table(tmp_path, "a\n" + "x\n" * 1000 + "\0\n")
    found = read_rows(file, DataError)
    assert next(found.each) == TableRow(2, {"a": "x"})
    assert sum(1 for row in found.each if row.problem) == 1
