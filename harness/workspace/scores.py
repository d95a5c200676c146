"""Paired scores from a CSV file: `case, metric, candidate, promoted`, more where there is more."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.workspace.fields import suggestion
from harness.workspace.reading import read_text

NEEDED = ("case", "metric", "candidate", "promoted")
OPTIONAL = ("pinned", "slice", "group", "critical")
NUMBERS = ("candidate", "promoted", "pinned")
FLAGS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
MAX_FIELD = 128 * 1024
_NUMBER = re.compile(r"[0-9.eE+-]{1,40}", re.ASCII)


def read_scores(path: Path) -> list[dict[str, Any]]:
    """One row per case and metric; an empty score is missing, which is not zero."""
    text = read_text(path, DataError)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}:{line}: holds a NUL character, scores are plain text")
    before = csv.field_size_limit(MAX_FIELD)  # one setting for the whole process
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return list(_rows(path, lines))
    except csv.Error as problem:
        raise DataError(f"{path}:{lines.line_num}: is not CSV ({problem})") from None
    finally:
        csv.field_size_limit(before)


def _rows(path: Path, lines: Any) -> Iterator[dict[str, Any]]:
    head = [name.strip().lower() for name in next(lines, [])]
    _check_head(path, head)
    for row in lines:
        where = f"{path}:{lines.line_num}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            raise DataError(f"{where}: has {len(row)} fields, the head has {len(head)}")
        yield {"line": lines.line_num} | {
            name: _value(name, cell.strip(), where) for name, cell in zip(head, row, strict=True)
        }


def _check_head(path: Path, head: list[str]) -> None:
    for name in NEEDED:
        if name not in head:
            raise DataError(f"{path}:1: column `{name}` is missing, needed are {', '.join(NEEDED)}")
    for name in head:
        if name not in NEEDED + OPTIONAL:
            raise DataError(
                f"{path}:1: unknown column `{name}`{suggestion(name, NEEDED + OPTIONAL)}"
            )
        if head.count(name) > 1:
            raise DataError(f"{path}:1: column `{name}` stands twice")


def _value(name: str, cell: str, where: str) -> Any:
    if name == "critical":
        if cell.lower() not in FLAGS:
            raise DataError(f"{where}: `critical` is {cell[:40]!r}, allowed are true and false")
        return FLAGS[cell.lower()]
    if name in ("case", "metric") and not cell:
        raise DataError(f"{where}: `{name}` is empty, every row needs one")
    if name not in NUMBERS:
        return cell or None
    if not cell:
        return None
    try:
        number = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise DataError(f"{where}: `{name}` is {cell[:40]!r}, a score is a number from 0 to 1")
    return number
