"""Parquet is read row by row, and a small file cannot fill the memory."""

from __future__ import annotations

import builtins
import datetime
import resource
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.workspace.formats import parquet
from harness.workspace.formats.tables import TableRow, read_rows
from tests.fakes.refusals import refused

pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")


def written(folder: Path, table: Any, **how: Any) -> Path:
    from pyarrow.parquet import write_table

    file = folder / "set.parquet"
    write_table(table, file, **how)
    return file


def rows(file: Path) -> list[TableRow]:
    return list(read_rows(file, DataError).each)


def test_cells_are_what_json_would_hold(tmp_path: Path) -> None:
    day = datetime.date(2026, 11, 29)
    turns = [{"role": "user", "content": "é", "weight": None}]
    row = {"text": "a", "turns": turns, "none": None, "day": day, "sum": Decimal("1.50"),
           "yes": True, "gap": float("nan"), "raw": b"b"}  # fmt: skip
    table = read_rows(written(tmp_path, pyarrow.Table.from_pylist([row])), DataError)
    assert table.columns == tuple(row)
    (found,) = table.each
    assert found == TableRow(1, row | {"day": "2026-11-29", "sum": "1.50", "gap": None, "raw": "b"})


@pytest.mark.parametrize("kind", ["string", "large_string"])
@pytest.mark.parametrize("once", [True, False])
def test_all_rows_come_in_their_order(tmp_path: Path, kind: str, once: bool) -> None:
    texts = [f"text {n}" for n in range(1000)]
    column = pyarrow.array(texts, getattr(pyarrow, kind)())
    found = rows(written(tmp_path, pyarrow.table({"a": column}), use_dictionary=once))
    assert [(row.line, row.values) for row in found] == [
        (n, {"a": text}) for n, text in enumerate(texts, 1)
    ]


def test_a_text_that_is_too_long_costs_its_row_only(tmp_path: Path) -> None:
    texts = ["a", "b" * (parquet.MAX_TEXT + 1), "c"]
    turns = [[{"role": "user", "content": text}] for text in texts]
    for column in (texts, turns):
        found = rows(written(tmp_path, pyarrow.table({"a": pyarrow.array(column)})))
        assert [row.values.get("a") for row in found] == [column[0], None, column[2]]
        assert found[1].problem == "`a` has a text of 131,073 bytes, at most 131,072 are read"


def test_a_text_that_is_not_utf_8_costs_its_row_only(tmp_path: Path) -> None:
    found = rows(written(tmp_path, pyarrow.table({"a": pyarrow.array([b"a", b"\xff"])})))
    assert [(row.values, row.problem) for row in found] == [({"a": "a"}, ""), ({}, "is not UTF-8")]


@pytest.mark.long
def test_a_text_that_repeats_does_not_fill_the_memory(tmp_path: Path) -> None:
    texts = pyarrow.array([[{"content": "x" * 900_000}]] * 4_000)
    file = written(tmp_path, pyarrow.table({"a": texts}), compression="zstd")
    assert file.stat().st_size < 20_000  # for 3.6 GB of text
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert all(row.problem for row in rows(file))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


@pytest.mark.parametrize(
    ("limit", "most", "line"),
    [
        ("MAX_ROWS", 9, "holds 10 rows, at most 9 are read"),
        ("MAX_VALUES", 19, "holds 20 values, at most 19 are read"),
        ("MAX_UNPACKED", 9, "bytes unpacked, at most 9 are read"),
    ],
)
def test_the_footers_counts_are_looked_at_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, line: str
) -> None:
    file = written(tmp_path, pyarrow.table({"a": pyarrow.array([["x", "y"]] * 10)}))
    monkeypatch.setattr(parquet, limit, most)
    with refused(line, DataError):
        read_rows(file, DataError)


@pytest.mark.parametrize("at", [4, -8])
def test_damage_is_one_line(tmp_path: Path, at: int) -> None:
    file = written(tmp_path, pyarrow.table({"a": [f"text {n}" for n in range(100)]}))
    raw = bytearray(file.read_bytes())
    raw[at : at + 4] = b"\xff\xff\xff\xff"
    file.write_bytes(raw)
    with refused("set.parquet: is no Parquet file that can be read", DataError):
        rows(file)


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, pyarrow.table({"a": ["x"]}))
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with refused(r"needs `pip install 'lora-harness\[parquet\]'`", DataError):
        read_rows(file, DataError)
