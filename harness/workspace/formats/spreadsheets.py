"""Read the first sheet of an XLSX file as rows of text; a formula counts as its last value.

A spreadsheet is a zip of XML, so its unpacked size is checked before anything is unpacked.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from harness.errors import HarnessError, reason
from harness.workspace.formats.reading import opened

MAX_PACKED = 256 * 1024 * 1024
MAX_UNPACKED = 2 * 1024**3
MAX_HELD = 64 * 1024 * 1024
"""Unpacked bytes of shared texts, styles and names, which are held; only sheets are streamed."""
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which are no text and which no store takes."""
_log = logging.getLogger(__name__)


def sheet_rows(path: Path, error: type[HarnessError]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, with their numbers."""
    with opened(path, error, MAX_PACKED) as file:
        _refuse_bomb(path, file, error)
        try:
            yield from _rows(file)
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


def _rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # has no types

    warnings.filterwarnings("ignore", module=r"openpyxl(\.|$)")  # about features that it leaves out
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # the size that a sheet claims need not be true
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        texts = [_text(cell) for cell in cells]
        if any(texts):
            yield number, texts


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell if cell.isascii() else _HALVES.sub("\ufffd", cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
