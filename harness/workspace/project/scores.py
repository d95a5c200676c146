"""Read scores from CSV files: paired scores, those of the base, and finals that people sent."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.tables import separated_rows

NUMBERS = ("candidate", "promoted", "pinned", "base")
NAMES = ("case", "metric", "id")
FLAGS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
MAX_ROWS = 1_000_000
"""Rows of a file; all are held in memory, since a verdict needs all of them."""
_NUMBER = re.compile(r"[0-9.eE+-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The columns of a kind of score file."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()


PAIRED = ScoreTable(
    ("case", "metric", "candidate", "promoted"), ("pinned", "slice", "group", "critical")
)
"""Scores of the candidate and the promoted adapter: benchmark and reserve."""
OF_BASE = ScoreTable(("case", "metric", "base"))
"""Scores of the base without any adapter."""
SENT = ScoreTable(("id", "candidate", "promoted", "at"), ("slice",))
"""Likelihoods of texts that people sent."""


def read_scores(path: Path, kind: ScoreTable = PAIRED) -> list[dict[str, Any]]:
    """Return a row per case and metric, or per final; an empty score is None, which is not zero."""
    table = separated_rows(path, DataError)
    names = {column: column.lower() for column in table.columns}
    for name in kind.needed:
        if name not in names.values():
            needed = ", ".join(kind.needed)
            raise DataError(f"{path}:1: column `{name}` is missing, needed are {needed}")
    known = kind.needed + kind.optional
    for name in names.values():
        if name not in known:
            raise DataError(f"{path}:1: unknown column `{name}`{suggestion(name, known)}")
    found: list[dict[str, Any]] = []
    for row in table.each:
        if row.problem:
            raise DataError(f"{path}:{row.line}: {row.problem}")
        if any(cell.strip() for cell in row.values.values()):
            values: dict[str, Any] = {"line": row.line}
            for column, name in names.items():
                values[name] = _value(name, row.values[column].strip(), f"{path}:{row.line}")
            found.append(values)
        if len(found) > MAX_ROWS:
            raise DataError(f"{path}:{row.line}: more than {MAX_ROWS:,} rows, fewer are read")
    return found


def _value(name: str, cell: str, where: str) -> Any:
    if name == "critical":
        if cell.lower() not in FLAGS:
            raise DataError(f"{where}: `critical` is {cell[:40]!r}, allowed are true and false")
        return FLAGS[cell.lower()]
    if name == "at":
        return _sortable(cell, where)
    if name in NAMES and not cell:
        raise DataError(f"{where}: `{name}` is empty, every row needs one")
    if name not in NUMBERS:
        return cell or None
    if not cell:
        return None
    try:
        # The pattern first: `float` also takes "nan", "1_0" and digits of other scripts.
        number = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise DataError(f"{where}: `{name}` is {cell[:40]!r}, a score is a number from 0 to 1")
    return number


def _sortable(cell: str, where: str) -> str:
    """Return a time in UTC, in a form that sorts; without an offset it is taken for UTC."""
    if not cell:
        return ""
    try:
        at = datetime.fromisoformat(cell)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise DataError(
            f"{where}: `at` is {cell[:40]!r}, a time such as 2026-11-29T12:00:00Z is needed"
        ) from problem
    return at.isoformat(timespec="microseconds")
