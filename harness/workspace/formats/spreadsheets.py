"""Read a sheet of an XLSX file as rows of text; a formula counts as its last value.

A spreadsheet is a zip of XML, so its unpacked size is checked before anything is unpacked, and the
size of each row while it is read: a row number or a column says nothing about what is there.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from harness.errors import HarnessError, reason
from harness.workspace.formats.reading import opened

MAX_PACKED = 256 * 1024 * 1024
MAX_UNPACKED = 2 * 1024**3
MAX_HELD = 64 * 1024 * 1024
"""Unpacked bytes of shared texts, styles and names, which are held; only sheets are streamed."""
MAX_ROW = 32 * 1024 * 1024
"""Unpacked bytes of one row, which is held."""
MAX_CELLS = 1_000
MAX_ROW_NUMBER = 2**20
"""Excel's own last row."""
MAX_SHEETS = 100
LOOKED_AT = 20
"""Rows of each sheet that are looked at to find the head."""
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which are no text and which no store takes."""
_log = logging.getLogger(__name__)

Rows = Iterator[tuple[int, list[str]]]
Heads = Mapping[str, Sequence[tuple[int, list[str]]]]
"""The first rows of each sheet, by its name."""
Choose = Callable[[Heads, Collection[str]], tuple[str, int]]
"""A choice of a sheet and of the row of its head; the second argument names hidden sheets."""


def sheet_rows(path: Path, error: type[HarnessError], choose: Choose | None = None) -> Rows:
    """Yield the rows that are not empty, with their numbers; without a choice of the first sheet.

    With a choice they begin at the row that was chosen.
    """
    with opened(path, error, MAX_PACKED) as file:
        _refuse_bomb(path, file, error)
        try:
            yield from _rows(path, file, error, choose)
        except HarnessError:
            raise
        except Exception as problem:  # openpyxl passes on every error of its XML and zip readers
            _log.debug("%s: openpyxl cannot read it", path, exc_info=True)
            raise error(
                f"{path}: is no spreadsheet that can be read ({reason(problem)}), save it as CSV"
            ) from problem


def _refuse_bomb(path: Path, file: BinaryIO, error: type[HarnessError]) -> None:
    try:
        parts = ZipFile(file).infolist()
    except (BadZipFile, OSError, ValueError) as problem:
        raise error(f"{path}: is no spreadsheet ({reason(problem)}), save it as CSV") from problem
    held = sum(part.file_size for part in parts if "/worksheets/" not in part.filename)
    whole = sum(part.file_size for part in parts)
    if held > MAX_HELD or whole > MAX_UNPACKED:
        raise error(
            f"{path}: unpacks to {whole:,} bytes ({held:,} of them beside the sheets), at most"
            f" {MAX_UNPACKED:,} ({MAX_HELD:,}) are read, save it as CSV"
        )


def _rows(path: Path, file: BinaryIO, error: type[HarnessError], choose: Choose | None) -> Rows:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # has no types

    warnings.filterwarnings("ignore", module=r"openpyxl(\.|$)")  # about features that it leaves out
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheets = {sheet.title: sheet for sheet in book.worksheets[:MAX_SHEETS]}
    if not sheets:
        raise error(f"{path}: has no sheet with cells")
    if choose is None:
        yield from _sheet(path, next(iter(sheets.values())), error)
        return
    hidden = [name for name, sheet in sheets.items() if sheet.sheet_state != "visible"]
    heads = {name: list(islice(_sheet(path, sheets[name], error), LOOKED_AT)) for name in sheets}
    name, first = choose(heads, hidden)
    yield from (row for row in _sheet(path, sheets[name], error) if row[0] >= first)


def _sheet(path: Path, sheet: Any, error: type[HarnessError]) -> Rows:
    """Yield the rows of a sheet.

    openpyxl's own iteration fills up every row and column that is left out, up to row 10^18 if a
    cell says so; its parser gives the cells that are there.
    """
    from openpyxl.worksheet._reader import WorkSheetParser  # type: ignore[import-untyped]

    book = sheet.parent
    with sheet._get_source() as source:
        limited = _Limited(source)
        parser = WorkSheetParser(
            limited,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            limited.left = MAX_ROW
            filled = {c["column"]: text for c in cells if (text := _text(c["value"]))}
            if not filled:
                continue
            last = max(filled)
            if number > MAX_ROW_NUMBER or last > MAX_CELLS:
                raise error(
                    f"{path}:{number}: has a cell in column {last:,}, at most {MAX_CELLS:,} columns"
                    f" and {MAX_ROW_NUMBER:,} rows are read"
                )
            yield number, [filled.get(column, "") for column in range(1, last + 1)]


class _Limited:
    """A stream that ends with an error where one row has too many bytes."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.left = MAX_ROW

    def read(self, size: int = -1) -> bytes:
        """Read bytes of the row, up to the limit."""
        found: bytes = self._source.read(size)
        self.left -= len(found)
        if self.left < 0:
            raise ValueError(f"a row of more than {MAX_ROW:,} bytes")
        return found


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return _plain(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _plain(cell: str) -> str:
    # XML has no carriage return of its own, so Excel writes one as an escape.
    cell = cell.replace("_x000D_", "\r") if "_x000D_" in cell else cell
    return cell if cell.isascii() else _HALVES.sub("\ufffd", cell)
