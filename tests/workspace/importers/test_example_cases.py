"""Training data becomes cases: what is a part of the input, what is the ideal, what is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError
from harness.workspace.importers.any_tool import read_case_table
from harness.workspace.importers.case_table import CaseTable

TURNS = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "a"},
    {"role": "assistant", "content": "b"},
    {"role": "user", "content": "c"},
    {"role": "assistant", "content": "d"},
]


def table(folder: Path, *rows: Any, **asked: Any) -> CaseTable:
    file = folder / "set.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_case_table(file, None, BenchmarkError, **asked)


def values(found: CaseTable) -> list[dict[str, Any]]:
    return [dict(row.values) for row in found.rows.each]


def test_the_instruction_of_alpaca_is_a_part_of_the_input(tmp_path: Path) -> None:
    found = table(tmp_path, {"instruction": "i", "input": "x", "output": "o", "slices": {"k": "v"}})
    assert found.format == "Alpaca"
    assert values(found) == [{"input": "i\n\nx", "ideal": "o", "slices": {"k": "v"}}]


def test_the_last_answer_of_a_conversation_is_the_ideal(tmp_path: Path) -> None:
    found = table(tmp_path, {"id": "n1", "messages": TURNS}, {"messages": TURNS[3:]})
    assert found.format == "OpenAI chat"
    assert values(found) == [
        {"id": "n1", "messages": TURNS[1:4], "system": "s", "ideal": "d"},
        {"input": "c", "ideal": "d"},
    ]


def test_a_row_that_is_no_example_is_a_bad_row(tmp_path: Path) -> None:
    found = table(tmp_path, {"messages": TURNS}, {"messages": []}, [])
    assert [row.problem for row in found.rows.each] == [
        "",
        "`messages` is empty, a list of turns is needed",
        "is not an object, each line needs one like {...}",
    ]


def test_other_columns_go_along_and_keys_of_turns_are_counted(tmp_path: Path) -> None:
    named = [dict(turn, name="ana") for turn in TURNS]
    found = table(tmp_path, {"messages": named, "industry": "x"})
    assert [one["industry"] for one in values(found)] == ["x"]
    assert found.left == {"messages.name": 1}


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ({"input": "i", "output": "o"}, {}),
        ({"prompt": "i", "completion": "o"}, {}),
        ({"messages": TURNS[:2], "ideal": "b"}, {}),
        ({"messages": TURNS[:2], "Expected": "b"}, {"ideals": ("ideal", "expected")}),
        ({"instruction": "i", "input": "x", "output": "o"}, {"as_columns": True}),
    ],
)
def test_columns_of_a_case_stay_columns(
    tmp_path: Path, row: dict[str, Any], asked: dict[str, Any]
) -> None:
    found = table(tmp_path, row, **asked)
    assert (found.format, values(found)) == ("", [row])
