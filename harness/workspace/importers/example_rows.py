"""Read the rows of a training file of any format; examples are held in memory, so size is limited.

Tested in tests/workspace/project/test_training_data.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.errors import DataError
from harness.workspace.formats.json_arrays import array_items, is_array
from harness.workspace.formats.reading import lines_of, parse_json, regular_file
from harness.workspace.formats.tables import TableRow, read_rows
from harness.workspace.importers.conversations import is_filled

MAX_SET = 256 * 1024 * 1024
"""Bytes of a training file, and characters of all its examples."""
MAX_EXAMPLES = 1_000_000
TABLES = (".csv", ".tsv", ".xlsx", ".parquet")
"""Suffixes of files that have columns."""
SUFFIXES = (".jsonl", ".json", *TABLES)
"""Suffixes by which training files are looked for in a folder."""


def is_table(path: Path) -> bool:
    """Return whether the file has columns, which are the same in every row."""
    return path.suffix.lower() in TABLES


def example_rows(path: Path) -> Iterator[TableRow]:
    """Yield the rows that are not empty; a file of an unknown suffix is read as JSONL."""
    for count, row in enumerate(_rows(path)):
        if count >= MAX_EXAMPLES:
            raise DataError(f"{path}:{row.line}: at most {MAX_EXAMPLES:,} examples are read")
        yield row


def _rows(path: Path) -> Iterator[TableRow]:
    if is_table(path):
        regular_file(path, DataError, MAX_SET)
        for row in read_rows(path, DataError).each:
            if row.problem or any(map(is_filled, row.values.values())):
                yield row
        return
    for number, text in texts_of(path):
        yield _object(number, text)


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of JSONL that are not blank, or the items of a JSON list, as they stand."""
    if path.suffix.lower() == ".json" and is_array(path, DataError):
        yield from array_items(path, DataError)
        return
    for number, line in lines_of(path, DataError, MAX_SET):
        if line.strip(" \t\r\n"):
            yield number, line.rstrip("\n")


def _object(number: int, text: str) -> TableRow:
    try:
        value = parse_json(text, "", DataError)
    except DataError as problem:
        return TableRow(number, {}, str(problem).removeprefix(": "))
    if not isinstance(value, Mapping):
        return TableRow(number, {}, "is not an object, each line needs one like {...}")
    return TableRow(number, value)
