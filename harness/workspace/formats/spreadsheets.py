"""Read a sheet of an XLSX file as rows of text; a formula counts as its last value.

A spreadsheet is a zip of XML, so its unpacked size is checked before anything is unpacked, and the
size of each row while it is read: a row number or a column says nothing about what is there.
Cells and rows without content are counted: what is shown as empty must not take minutes to read.
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
from zipfile import BadZipFile

from harness.errors import HarnessError, reason
from harness.workspace.formats.reading import MAX_LINE, opened
from harness.workspace.formats.zipped_xml import CountedZip

MAX_PACKED = 256 * 1024 * 1024
MAX_UNPACKED = 2 * 1024**3
MAX_HELD = 64 * 1024 * 1024
"""Unpacked bytes of shared texts, styles and names, which are held; only sheets are streamed."""
MAX_ROW_TAGS = 100_000
"""Tags of one row, which is held; its bytes are those of a line in other formats."""
MAX_EMPTY = 200_000
EMPTY_PER_CELL = 100
"""Cells without content that are read, and so many more for each cell with content."""
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
        parts = _unpacked(path, file, error)
        try:
            yield from _rows(path, parts, error, choose)
        except HarnessError:
            raise
        except Exception as problem:  # openpyxl passes on every error of its XML and zip readers
            _log.debug("%s: openpyxl cannot read it", path, exc_info=True)
            raise error(
                f"{path}: is no spreadsheet that can be read ({reason(problem)}), save it as CSV"
            ) from problem


def _unpacked(path: Path, file: BinaryIO, error: type[HarnessError]) -> CountedZip:
    """Open the zip; refuse one that would unpack to a flood."""
    try:
        parts = CountedZip(file, MAX_HELD)
    except (BadZipFile, OSError, ValueError) as problem:
        raise error(f"{path}: is no spreadsheet ({reason(problem)}), save it as CSV") from problem
    held = sum(part.file_size for part in parts.filelist if "/worksheets/" not in part.filename)
    whole = sum(part.file_size for part in parts.filelist)
    if held > MAX_HELD or whole > MAX_UNPACKED:
        raise error(
            f"{path}: unpacks to {whole:,} bytes ({held:,} of them beside the sheets), at most"
            f" {MAX_UNPACKED:,} ({MAX_HELD:,}) are read, save it as CSV"
        )
    return parts


def _rows(path: Path, parts: CountedZip, error: type[HarnessError], choose: Choose | None) -> Rows:
    book = _Book(path, parts, error)
    if not book.sheets:
        raise error(f"{path}: has no sheet with cells")
    if choose is None:
        yield from book.rows(next(iter(book.sheets)))
        return
    heads = {name: list(islice(book.rows(name), LOOKED_AT)) for name in book.sheets}
    name, first = choose(heads, book.hidden)
    yield from (row for row in book.rows(name) if row[0] >= first)


class _Book:
    """Read a workbook with openpyxl, but for its sheets.

    openpyxl would read every sheet to its end while it opens the workbook, to learn a size that
    says nothing, and would fill up every row and column that is left out, up to row 10^18.
    """

    def __init__(self, path: Path, parts: CountedZip, error: type[HarnessError]) -> None:
        from openpyxl.reader.excel import ExcelReader  # type: ignore[import-untyped]  # has no types
        from openpyxl.styles.stylesheet import apply_stylesheet  # type: ignore[import-untyped]

        # openpyxl warns about every feature that it leaves out.
        warnings.filterwarnings("ignore", module=r"openpyxl(\.|$)")
        self._path, self._parts, self._error = path, parts, error
        self._reader = reader = ExcelReader(
            parts.fp, read_only=True, data_only=True, keep_links=False
        )
        reader.archive = parts
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(parts, reader.wb)  # which numbers are dates
        found = [
            (sheet, rel.target)
            for sheet, rel in islice(reader.parser.find_sheets(), MAX_SHEETS)
            if "chartsheet" not in rel.Type and rel.target in reader.valid_files
        ]
        self.sheets: dict[str, str] = {sheet.name: target for sheet, target in found}
        self.hidden = [sheet.name for sheet, _ in found if sheet.state != "visible"]

    def rows(self, name: str) -> Rows:
        """Yield the rows of a sheet that have any content."""
        empty = MAX_EMPTY
        for count, (number, cells) in enumerate(self._parsed(name), start=1):
            filled = {c["column"]: text for c in cells if (text := _text(c["value"]))}
            empty += EMPTY_PER_CELL * len(filled) - len(cells)
            last = max(filled, default=1)
            if not 0 < number <= MAX_ROW_NUMBER or last > MAX_CELLS:
                raise self._error(
                    f"{self._path}:{number}: has a cell in column {last:,}, at most {MAX_CELLS:,}"
                    f" columns and {MAX_ROW_NUMBER:,} rows are read"
                )
            if empty < 0 or count > MAX_ROW_NUMBER:
                raise self._error(
                    f"{self._path}:{number}: comes after more than {MAX_EMPTY:,} cells without"
                    f" content or {MAX_ROW_NUMBER:,} rows, remove these or save it as CSV"
                )
            if filled:
                yield number, [filled.get(column, "") for column in range(1, last + 1)]

    def _parsed(self, name: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the cells of each row, and stop behind the last row."""
        from openpyxl.worksheet._reader import (  # type: ignore[import-untyped]
            DATA_TAG,
            ROW_TAG,
            WorkSheetParser,
        )
        from openpyxl.xml.functions import iterparse  # type: ignore[import-untyped]

        book = self._reader.wb
        with self._parts.open_pieces(self.sheets[name], MAX_LINE, MAX_ROW_TAGS) as source:
            parser = WorkSheetParser(
                source,
                self._reader.shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            for _, element in iterparse(source):
                if element.tag == ROW_TAG:
                    source.start_piece()
                    yield parser.parse_row(element)
                    element.clear()
                elif element.tag == DATA_TAG:
                    return


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
