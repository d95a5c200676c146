"""Tables that become lists on a narrow screen, since every cell names its column.

Tested in tests/render/report/test_page.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.text.html import Child, Html, element


@dataclass(frozen=True, slots=True)
class Column:
    """The head and the kind of a column."""

    name: str
    kind: str | None = None
    """`number`, `chart`, or `word`, which is never broken; None is text."""


Cells = Sequence[Child]


def grid(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Cells],
    foot: Cells | None = None,
    *,
    shown: bool = True,
) -> Html:
    """Return a table; a caption that is not `shown` is for screen readers only."""
    heads = [element("th", column.name, scope="col", class_=column.kind) for column in columns]
    table = element(
        "table",
        element("caption", caption, class_=None if shown else "unseen"),
        element("thead", element("tr", heads)),
        element("tbody", [_row(columns, cells) for cells in rows]),
        element("tfoot", _row(columns, foot)) if foot is not None else None,
    )
    return element("div", table, class_="wide")


def _row(columns: Sequence[Column], cells: Cells) -> Html:
    # the style sheet shows `data-name` before the cell where a row becomes a list
    made = [
        element("td", cell, class_=column.kind, data_name=column.name or None)
        if number
        else element("th", cell, scope="row", data_name=column.name or None)
        for number, (column, cell) in enumerate(zip(columns, cells, strict=True))
    ]
    return element("tr", made)
