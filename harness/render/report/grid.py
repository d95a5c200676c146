"""Tables that become lists on a narrow screen: every cell knows the name of its column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.text.html import Child, Html, element


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column."""

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
    """A table; `caption` says what it is about, only to who listens where it is not `shown`."""
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
    made = [
        element("td", cell, class_=column.kind, data_name=column.name or None)
        if number
        else element("th", cell, scope="row", data_name=column.name or None)
        for number, (column, cell) in enumerate(zip(columns, cells, strict=True))
    ]
    return element("tr", made)
