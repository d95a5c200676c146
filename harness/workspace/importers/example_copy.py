"""Write a copy of a training file without some of its rows, in the same format where that can be.

Tested in tests/flows/training/test_check_data.py.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import DataError, RequestError
from harness.workspace.formats.json_arrays import is_array
from harness.workspace.formats.tables import read_rows
from harness.workspace.importers.example_rows import example_rows, is_table, texts_of

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_UNWRITTEN = (".xlsx", ".parquet")


def copy_format(file: Path, to: Path) -> str:
    """Return what the copy is written as, by its suffix; refuse a suffix that is not written."""
    suffix, was = to.suffix.lower(), file.suffix.lower()
    if suffix in _UNWRITTEN or (suffix in _SEPARATORS and was not in (*_SEPARATORS, *_UNWRITTEN)):
        kinds = "CSV, TSV and JSONL are" if is_table(file) else "JSONL is"
        raise RequestError(
            f"--fix {to}: {kinds} written of {file.name}, name it {to.with_suffix('.jsonl').name}"
        )
    if suffix in _SEPARATORS:
        return suffix.removeprefix(".").upper()
    return "JSON" if _as_list(file, to) else "JSONL"


def kept_rows(file: Path, to: Path, dropped: frozenset[int]) -> Iterator[str]:
    """Yield the text of the copy, a row at a time; lines of JSONL stay as they were written."""
    separator = _SEPARATORS.get(to.suffix.lower())
    if separator:
        yield from _separated(file, separator, dropped)
    elif is_table(file):
        for row in example_rows(file):
            if row.line not in dropped:
                said = {name: value for name, value in row.values.items() if value is not None}
                yield json.dumps(said, ensure_ascii=False, default=str) + "\n"
    else:
        texts = (text.rstrip("\r") for line, text in texts_of(file) if line not in dropped)
        yield from _list(texts) if _as_list(file, to) else map(_line, texts)


def _as_list(file: Path, to: Path) -> bool:
    both_json = file.suffix.lower() == to.suffix.lower() == ".json"
    return both_json and is_array(file, DataError)


def _line(text: str) -> str:
    # an item of a JSON list may go over several lines, a line of JSONL may not
    return f"{json.dumps(json.loads(text), ensure_ascii=False) if chr(10) in text else text}\n"


def _list(texts: Iterator[str]) -> Iterator[str]:
    begin = "[\n"
    for text in texts:
        yield f"{begin}  {text}"
        begin = ",\n"
    if begin != "[\n":
        yield "\n]\n"


def _separated(file: Path, separator: str, dropped: frozenset[int]) -> Iterator[str]:
    table = read_rows(file, DataError)
    line = io.StringIO()
    writer = csv.writer(line, delimiter=separator, lineterminator="\n")

    def written(cells: list[Any]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(cells)
        return line.getvalue()

    head = written([*table.columns])
    for row in example_rows(file):
        if row.line not in dropped:
            cells = [row.values.get(name) for name in table.columns]
            yield head + written([_cell(value) for value in cells])
            head = ""


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
