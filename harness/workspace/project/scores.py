"""Paired scores from a CSV file: `case, metric, candidate, promoted`, more where there is more."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.tables import TableRow, separated_rows

NEEDED = ("case", "metric", "candidate", "promoted")
OPTIONAL = ("pinned", "slice", "group", "critical")
NUMBERS = ("candidate", "promoted", "pinned")
FLAGS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
MAX_ROWS = 1_000_000
"""Of one file; all of them are held, since a verdict looks at all of them."""
_NUMBER = re.compile(r"[0-9.eE+-]{1,40}", re.ASCII)


def read_scores(path: Path) -> list[dict[str, Any]]:
    """One row per case and metric; an empty score is missing, which is not zero."""
    table = separated_rows(path, DataError)
    names = {column: column.lower() for column in table.columns}
    _check_head(path, list(names.values()))
    found: list[dict[str, Any]] = []
    for row in table.each:
        if row.problem:
            raise DataError(f"{path}:{row.line}: {row.problem}")
        if any(cell.strip() for cell in row.values.values()):
            found.append(_scores(row, names, f"{path}:{row.line}"))
        if len(found) > MAX_ROWS:
            raise DataError(f"{path}:{row.line}: more than {MAX_ROWS:,} rows, fewer are read")
    return found


def _scores(row: TableRow, names: dict[str, str], where: str) -> dict[str, Any]:
    values = {
        name: _value(name, row.values[column].strip(), where) for column, name in names.items()
    }
    return {"line": row.line} | values


def _check_head(path: Path, head: list[str]) -> None:
    for name in NEEDED:
        if name not in head:
            raise DataError(f"{path}:1: column `{name}` is missing, needed are {', '.join(NEEDED)}")
    for name in head:
        if name not in NEEDED + OPTIONAL:
            raise DataError(
                f"{path}:1: unknown column `{name}`{suggestion(name, NEEDED + OPTIONAL)}"
            )


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
