"""Stream the rows of tables that people keep: CSV, TSV, JSONL, JSON, XLSX and Parquet.

A row that cannot be read says so, and reading goes on; a fault that makes all rows doubtful is
refused.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.workspace.formats.json_arrays import array_items, is_array
from harness.workspace.formats.reading import MAX_LINE, lines_of, parse_json

MAX_TABLE = 16 * 1024**3
"""Rows are streamed: the size of a file costs time, not memory."""
MAX_FIELD = 128 * 1024
MAX_COLUMNS = 1_000
_HEAD = 100
"""Lines of JSONL whose keys count as the columns of the file."""
SEPARATORS = ",;\t"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table."""

    line: int
    """The line on which it begins, as an editor counts; in a spreadsheet the row."""
    values: Mapping[str, Any]
    """By column: texts, and from JSONL values of any kind."""
    problem: str = ""
    """Why it cannot be used; then it has no values."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """The columns of a file, and its rows, which are read while they are iterated."""

    columns: tuple[str, ...]
    each: Iterator[TableRow]


def read_rows(path: Path, error: type[HarnessError]) -> TableRows:
    """Read the table in a file; its suffix says the format."""
    kind = path.suffix.lower()
    if kind not in _KINDS:
        raise error(f"{path}: is no table that is understood, known are {', '.join(_KINDS)}")
    return _KINDS[kind](path, error)


# --- CSV and TSV --------------------------------------------------------------------------------


def separated_rows(path: Path, error: type[HarnessError], separator: str = "") -> TableRows:
    """Read CSV from a file of any suffix; without a `separator`, find it in the head."""
    # The head is read apart, to find the separator, and then put back in front.
    lines = lines_of(path, error, MAX_TABLE)
    first = next(lines, (1, ""))
    return headed_rows(path, error, chain([first], lines), separator or separator_of(first[1]))


def separator_of(line: str) -> str:
    """Return the sign that separates the cells of a line."""
    # Text inside quotes belongs to a column's name and says nothing about the separator.
    counts = Counter(_QUOTED.sub("", line))
    return max(SEPARATORS, key=lambda sign: counts[sign])


def headed_rows(
    path: Path,
    error: type[HarnessError],
    lines: Iterator[tuple[int, str]],
    separator: str,
    *,
    loose: bool = False,
) -> TableRows:
    """Read CSV from numbered lines, of which the first record is the head.

    `loose`: whether empty cells beyond the head are left out.
    """
    records = records_of(path, error, lines, separator)
    number, head = next(records, (1, []))
    names = column_names(path, error, head, number)
    width = len(names)
    rows = (_row(line, names, _cut(cells, width) if loose else cells) for line, cells in records)
    return TableRows(tuple(filter(None, names)), rows)


def records_of(
    path: Path, error: type[HarnessError], lines: Iterator[tuple[int, str]], separator: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield records, each with the line on which it begins."""
    begun, read, length = 1, 0, 0
    first = next(lines, None)
    if first is None:
        return
    read, lines = first[0] - 1, chain([first], lines)

    def fed() -> Iterator[str]:
        nonlocal read, length
        for number, line in lines:
            read, length = number, length + len(line)
            # An open quote makes csv collect lines without end: the limit is on the whole record.
            if length > MAX_LINE:
                raise error(f"{path}:{begun}: a row of more than {MAX_LINE:,} characters")
            yield line

    reader = csv.reader(fed(), delimiter=separator, strict=True)
    while True:
        begun, length = read + 1, 0
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            # After a stray quote it is unknown where rows begin: no row below can be trusted.
            raise error(f"{path}:{begun}: {_fault(problem)}") from problem
        if cells is None:
            return
        yield begun, cells


def _fault(problem: csv.Error) -> str:
    if "field larger" in str(problem):
        return f"a field of more than {MAX_FIELD:,} characters, is a quote left open?"
    if "new-line character" in str(problem):  # Python's advice is for programmers
        return "a carriage return without a line feed, save it with the usual line ends"
    return f"is not CSV ({problem}), correct the quotes"


def column_names(
    path: Path, error: type[HarnessError], head: list[str], line: int = 1
) -> list[str]:
    """Return the columns' names; a column without a name stays unread."""
    names = [name.strip() for name in head]
    if not any(names):
        raise error(f"{path}:{line}: has no head, the first line names the columns")
    if len(names) > MAX_COLUMNS:
        raise error(f"{path}:{line}: has {len(names):,} columns, at most {MAX_COLUMNS:,} are read")
    seen: dict[str, str] = {}
    for name in filter(None, names):
        if "\0" in name or len(name) > 200:
            raise error(f"{path}:{line}: a column's name has a NUL or more than 200 characters")
        if name.casefold() in seen:
            raise error(f"{path}:{line}: column `{name}` stands twice, rename or remove one")
        seen[name.casefold()] = name
    return names


def _cut(cells: list[str], width: int) -> list[str]:
    """Leave out empty cells beyond the head: spreadsheets end rows in separators."""
    return cells[:width] if not any(cells[width:]) else cells


def _row(line: int, names: list[str], cells: list[str]) -> TableRow:
    if len(cells) != len(names) and any(cells):
        return TableRow(line, {}, f"has {len(cells)} fields, the head has {len(names)}")
    for name, cell in zip(names, cells, strict=False):
        if len(cell) > MAX_FIELD:
            return TableRow(line, {}, _too_long(name, cell))
        if "\0" in cell:
            return TableRow(line, {}, f"`{name}` holds a NUL character, texts have none")
    values = dict(zip(names, cells, strict=False))
    values.pop("", None)
    return TableRow(line, values)


def _too_long(name: str, cell: str) -> str:
    return f"`{name}` has {len(cell):,} characters, at most {MAX_FIELD:,} are read"


# --- JSONL --------------------------------------------------------------------------------------


def _json_file(path: Path, error: type[HarnessError]) -> TableRows:
    """Read `.json`, which people also call what is JSONL."""
    is_list = is_array(path, error)
    lines = array_items(path, error) if is_list else lines_of(path, error, MAX_TABLE)
    return json_rows(path, error, lines)


def json_rows(path: Path, error: type[HarnessError], lines: Iterator[tuple[int, str]]) -> TableRows:
    """Read JSON Lines from numbered lines."""
    rows = (_object(path, number, line) for number, line in lines if line.strip())
    first = list(islice(rows, _HEAD))
    columns = dict.fromkeys(name for row in first for name in row.values)
    if len(columns) > MAX_COLUMNS:
        raise error(f"{path}:1: has {len(columns):,} keys, at most {MAX_COLUMNS:,} are read")
    if first and not columns and first[0].problem:
        raise error(f"{path}:{first[0].line}: {first[0].problem}")
    return TableRows(tuple(columns), chain(first, rows))


class _Unreadable(HarnessError):
    """A line of JSONL that is no object."""


def _object(path: Path, number: int, line: str) -> TableRow:
    try:
        value = parse_json(line, "", _Unreadable)
    except _Unreadable as problem:
        return TableRow(number, {}, str(problem).removeprefix(": "))
    if not isinstance(value, dict):
        return TableRow(number, {}, "is not an object, each line needs one like {...}")
    for name, cell in value.items():
        if isinstance(cell, str) and len(cell) > MAX_FIELD:
            return TableRow(number, {}, _too_long(name, cell))
        if isinstance(cell, str) and "\0" in cell:
            return TableRow(number, {}, f"`{name}` holds a NUL character, texts have none")
    return TableRow(number, value)


def sheet_table(
    path: Path, error: type[HarnessError], rows: Iterator[tuple[int, list[str]]]
) -> TableRows:
    """Read a table from the rows of a sheet, of which the first is the head."""
    number, head = next(rows, (1, []))
    while head and not head[-1].strip():
        head.pop()
    names = column_names(path, error, head, number)

    def padded() -> Iterator[TableRow]:
        # A spreadsheet leaves out empty cells at the end of a row, or adds some.
        for line, cells in rows:
            while len(cells) > len(names) and not cells[-1].strip():
                cells.pop()
            yield _row(line, names, cells + [""] * (len(names) - len(cells)))

    return TableRows(tuple(filter(None, names)), padded())


def _parquet(path: Path, error: type[HarnessError]) -> TableRows:
    from harness.workspace.formats.parquet import columns_and_rows

    columns, rows = columns_and_rows(path, error)
    return TableRows(columns, (TableRow(*row) for row in rows))


def _spreadsheet(path: Path, error: type[HarnessError]) -> TableRows:
    from harness.workspace.formats.spreadsheets import sheet_rows

    return sheet_table(path, error, sheet_rows(path, error))


_KINDS: dict[str, Callable[[Path, type[HarnessError]], TableRows]] = {
    ".csv": separated_rows,
    ".tsv": lambda path, error: separated_rows(path, error, "\t"),
    ".jsonl": lambda path, error: json_rows(path, error, lines_of(path, error, MAX_TABLE)),
    ".xlsx": _spreadsheet,
    ".json": _json_file,
    ".parquet": _parquet,
}
