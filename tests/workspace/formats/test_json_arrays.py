"""A file that is one JSON list is read item by item, each with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.workspace.formats.json_arrays import array_items, is_array
from harness.workspace.formats.tables import read_rows
from tests.fakes.refusals import refused


def write(folder: Path, text: str) -> Path:
    file = folder / "set.json"
    file.write_text(text, encoding="utf-8")
    return file


def items(folder: Path, text: str) -> list[tuple[int, str]]:
    return list(array_items(write(folder, text), DataError))


def test_each_item_keeps_its_text_and_has_its_line(tmp_path: Path) -> None:
    text = '[\n {"a": "x, ] } \\" y"},\n\n {"b": [1, {"c": 2}]}, 3]\n'
    assert items(tmp_path, text) == [
        (2, '{"a": "x, ] } \\" y"}'),
        (4, '{"b": [1, {"c": 2}]}'),
        (4, "3"),
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_what_json_writes_comes_back(tmp_path: Path, indent: int | None) -> None:
    rows = [{"a": "é\n[", "b": [[], {}]}, {"a": "", "b": None}]
    found = items(tmp_path, json.dumps(rows, indent=indent))
    assert [json.loads(text) for _, text in found] == rows


def test_an_empty_list_has_no_item(tmp_path: Path) -> None:
    assert items(tmp_path, " [ ] ") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[1", r"is not JSON \(the list has no end\)"),
        ('["a]', r"is not JSON \(the list has no end\)"),
        ("[1,]", ":1: is not JSON .an item is missing"),
        ("[1,\n,2]", ":2: is not JSON .an item is missing"),
        ("[1] 2", "more text after the list"),
        ("[1][2]", "more text after the list"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str, line: str) -> None:
    with refused(line, DataError):
        items(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "is_list"), [("\ufeff\n [", True), ('{"a": 1}', False), ("", False)]
)
def test_a_list_is_told_from_jsonl(tmp_path: Path, text: str, is_list: bool) -> None:
    assert is_array(write(tmp_path, text), DataError) is is_list


def test_as_a_table_a_bad_item_is_one_bad_row(tmp_path: Path) -> None:
    rows = list(read_rows(write(tmp_path, '[{"a": 1},\n {"a": },\n 7]'), DataError).each)
    assert [row.line for row in rows] == [1, 2, 3]
    assert rows[0].values == {"a": 1}
    assert "is not JSON" in rows[1].problem and "is not an object" in rows[2].problem
