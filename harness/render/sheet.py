"""A table of plain values that a notebook shows, a data frame holds and a CSV file is made of.

Tested in tests/render/test_notebook.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.extras import refuse_missing
from harness.records.holds import EXACT, TEXT
from harness.render.report.framed import framed
from harness.render.report.grid import Column, grid
from harness.text.figures import MISSING, count, score
from harness.text.html import Child, Html, element
from harness.text.plain import plain

if TYPE_CHECKING:
    from pandas import DataFrame

Cell: TypeAlias = str | int | float | bool | None
_DIGEST = re.compile(r"[0-9a-f]{64}")
LONG = 40
"""Letters from which on a text gets lines of some width, also in a table of many columns."""
MAX_ROWS = 200
"""Rows that a notebook shows; a data frame has all."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Named columns and rows of plain values, masked before they came here."""

    title: str = field(metadata=TEXT)
    columns: tuple[str, ...] = field(metadata=EXACT)
    rows: tuple[tuple[Cell, ...], ...] = field(metadata=TEXT)
    times: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Columns of ISO 8601 times or days, which a data frame holds as times."""
    figures: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Columns of numbers, which may be missing; a data frame holds them as floats."""

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as mappings from column to value."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": plain(rows)}

    def to_frame(self) -> DataFrame:
        """Return a pandas data frame; a missing number is NaN, never zero."""
        refuse_missing("a data frame", "pandas", "pandas")
        import pandas

        frame = pandas.DataFrame(list(self.rows), columns=list(self.columns))
        for name in self.times:
            frame[name] = pandas.to_datetime(frame[name], utc=True, format="ISO8601")
        return frame.astype(dict.fromkeys(self.figures, "float64"))

    def _repr_html_(self) -> str:
        return framed(self.html())

    def html(self) -> Html:
        """Return the table, of many rows the first and the number of the others."""
        kinds = dict.fromkeys(self.figures, "number")
        columns = [Column(name, kinds.get(name)) for name in self.columns]
        rows = [
            [_shown(cell, name in self.times) for name, cell in zip(self.columns, row, strict=True)]
            for row in self.rows[:MAX_ROWS]
        ]
        rest = len(self.rows) - MAX_ROWS
        left = element("p", f"{count(rest, 'row')} more: to_frame() has them all", class_="quiet")
        return element("div", grid(self.title, columns, rows), left if rest > 0 else None)


def _shown(cell: Cell, time: bool) -> Child:
    """Return a cell as text: a time to the minute, a digest by the letters that verdicts show."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return score(cell)
    if isinstance(cell, str) and _DIGEST.fullmatch(cell):
        return cell[:6]
    if time and isinstance(cell, str):
        return element("span", cell[:16].replace("T", " "), class_="word")
    if isinstance(cell, str) and len(cell) > LONG:
        return element("div", cell, class_="long")
    return MISSING if cell is None else str(cell)
