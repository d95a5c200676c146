"""Read tables as other programs export them: any encoding, titles above the head, several sheets.

`tables` reads files that were made for this software and takes the first row for the head; here the
head is the row that fits best, and how the file was read is part of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.records.holds import EXACT, QUOTING
from harness.workspace.formats.encodings import encoded_lines
from harness.workspace.formats.spreadsheets import LOOKED_AT, Heads, sheet_rows
from harness.workspace.formats.tables import (
    MAX_TABLE,
    SEPARATORS,
    TableRows,
    headed_rows,
    json_rows,
    read_rows,
    records_of,
    separator_of,
    sheet_table,
)

TEXTS, JSONS, SHEETS = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson"), (".xlsx",)
STRICT = {".json": "JSON", ".parquet": "Parquet"}
"""Formats that leave nothing to be found out, with their names."""
KNOWN = ".csv, .tsv, .txt, .jsonl, .json, .xlsx, .parquet"
_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SAID = re.compile('\ufeff?"?sep=(.)"?\r?\n?')
"""Excel's own first line, which names the separator."""
_HEAD_LINES = 40
_SURE = 3
"""Fields that a row must name to be the head in place of the first row."""
Score = tuple[int, int]
Fits = Callable[[Sequence[str]], Score]
"""How many needed fields, and how many of all fields, are understood in a row of headings."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file was read."""

    kind: str = field(metadata=EXACT)
    """CSV, JSON Lines or XLSX."""
    encoding: str = field(default="", metadata=EXACT)
    """UTF-8, UTF-16, Windows-1252 or as it was told; empty for spreadsheets."""
    separator: str = field(default="", metadata=EXACT)
    """commas, semicolons or tabs; empty where cells are not separated by a sign."""
    sheet: str = field(default="", metadata=QUOTING)
    """The name of the sheet; empty where there are none."""
    head: int = 1
    """The line of the headings, or the row in a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Export:
    """The rows of an exported table, and how they were read."""

    rows: TableRows
    form: Form


def read_export(
    path: Path, error: type[HarnessError], fits: Fits, *, sheet: str = "", encoding: str = ""
) -> Export:
    """Read the table in a file; its suffix says the format, its content the rest."""
    kind = path.suffix.lower()
    if kind not in (*TEXTS, *JSONS, *SHEETS, *STRICT):
        also = ", save it as XLSX" if kind in (".xls", ".xlsb", ".ods", ".numbers") else ""
        raise error(f"{path}: is no table that is understood, known are {KNOWN}{also}")
    if sheet and kind not in SHEETS:
        raise error(f"--sheet {sheet}: {path.name} has no sheets, only .xlsx has")
    if encoding and kind in SHEETS:
        raise error(f"--encoding {encoding}: {path.name} is a spreadsheet, which says its own")
    if kind in STRICT:
        return Export(_opened(read_rows(path, error)), Form(STRICT[kind]))
    if kind in SHEETS:
        return _workbook(path, error, fits, sheet)
    text = encoded_lines(path, error, MAX_TABLE, encoding)
    if kind in JSONS:
        rows = _opened(json_rows(path, error, text.each))
        return Export(rows, Form("JSON Lines", text.encoding))
    separator, head, lines = _head_of(path, error, fits, text.each)
    rows = headed_rows(path, error, lines, separator, loose=True)
    return Export(rows, Form("CSV", text.encoding, _SIGNS.get(separator, separator), head=head))


# --- CSV ----------------------------------------------------------------------------------------


def _head_of(
    path: Path, error: type[HarnessError], fits: Fits, lines: Iterator[tuple[int, str]]
) -> tuple[str, int, Iterator[tuple[int, str]]]:
    """Return the separator, the line of the head, and the lines from there on."""
    first = list(islice(lines, _HEAD_LINES))
    said = _SAID.fullmatch(first[0][1]) if first else None
    if said:
        first = first[1:]
    signs = said[1] if said else SEPARATORS
    usual = said[1] if said else separator_of(first[0][1] if first else "")
    best, separator, head = (0, 0), usual, first[0][0] if first else 1
    # The usual sign comes first, so that another one must fit better to be taken.
    for sign in dict.fromkeys(usual + signs):
        for number, cells in _beginning(path, error, first, sign):
            found = fits(cells)
            if found > best and (found[1] >= _SURE or number == head):
                best, separator, head = found, sign, number
    return separator, head, chain((line for line in first if line[0] >= head), lines)


def _beginning(
    path: Path, error: type[HarnessError], lines: list[tuple[int, str]], sign: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the first records; a record that goes on beyond these lines is left out."""
    try:
        yield from islice(records_of(path, error, iter(lines), sign), LOOKED_AT)
    except HarnessError:
        return  # with the right separator it is refused when it is read


# --- JSON Lines ---------------------------------------------------------------------------------


def _opened(rows: TableRows) -> TableRows:
    """Name the values inside objects too, as `draft.text`, where the first lines have objects."""
    first = list(islice(rows.each, 100))
    names: dict[str, None] = {}
    for row in first:
        for name, value in row.values.items():
            names |= dict.fromkeys(_leaves(name, value))
    return TableRows(tuple(names), chain(first, rows.each))


def _leaves(name: str, value: Any) -> list[str]:
    # An object of slices is read whole.
    if not isinstance(value, dict) or not value or name.casefold() == "slices":
        return [name]
    return [leaf for key, item in value.items() for leaf in _leaves(f"{name}.{key}", item)]


# --- spreadsheets -------------------------------------------------------------------------------


def _workbook(path: Path, error: type[HarnessError], fits: Fits, asked: str) -> Export:
    chosen = ("", 1)

    def choose(heads: Heads, hidden: Collection[str]) -> tuple[str, int]:
        nonlocal chosen
        if asked and asked not in heads:
            raise error(f"--sheet {asked}: {path.name} has no such sheet, but {_listed(heads)}")
        found = {name: _head_row(fits, rows) for name, rows in heads.items()}
        name = asked or _sheet_of(path, error, found, hidden)
        chosen = name, found[name][1]
        return chosen

    rows = sheet_rows(path, error, choose)
    table = sheet_table(path, error, rows)
    return Export(table, Form("XLSX", sheet=chosen[0], head=chosen[1]))


def _head_row(fits: Fits, rows: Sequence[tuple[int, list[str]]]) -> tuple[Score, int]:
    """Return the score of the row that fits best, and its number; of equal rows the first."""
    best, head = (0, 0), rows[0][0] if rows else 0
    for number, cells in rows:
        found = fits(cells)
        if found > best and (found[1] >= _SURE or number == head):
            best, head = found, number
    return best, head


def _sheet_of(
    path: Path,
    error: type[HarnessError],
    found: Mapping[str, tuple[Score, int]],
    hidden: Collection[str],
) -> str:
    """Return the sheet whose head fits best; refuse where several sheets hold all that is needed.

    A hidden sheet is taken only where no other has cells.
    """
    filled = [name for name, (_, head) in found.items() if head]
    names = [name for name in filled if name not in hidden] or filled or list(found)
    scores = {name: found[name][0] for name in names}
    most = max(scores.values())
    fitting = [name for name in names if scores[name][0] == most[0]]
    if most[1] >= _SURE and len(fitting) > 1:
        options = " or ".join(f'--sheet "{name}"' for name in fitting[:5])
        raise error(f"{path}: {len(fitting)} sheets fit, choose one with {options}")
    return max(names, key=lambda name: scores[name])


def _listed(heads: Heads) -> str:
    return ", ".join(f'"{name}"' for name in list(heads)[:20])
