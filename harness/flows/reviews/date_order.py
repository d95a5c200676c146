"""Find out in which order the dates of a review table are written.

Tested in tests/cli/test_review_exports.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from harness.flows.reviews.columns import Understood
from harness.workspace.formats.tables import TableRow
from harness.workspace.importers.columns import Columns
from harness.workspace.importers.dates import (
    NO_ORDER,
    DateOrder,
    Order,
    UnclearOrder,
    find_order,
    is_date,
    needs_order,
)


def date_order(
    told: Order | None,
    found: Understood,
    first: Sequence[TableRow],
    rows: Callable[[], Iterator[TableRow]],
) -> tuple[DateOrder, str]:
    """Return the order of the dates, and what is unclear about it.

    Where the first date leaves it open, every date of the file is looked at: `rows` reads it anew.
    """
    columns = found.columns
    if not columns.has("at") and (dates := found.free("date")):
        columns = replace(columns, of={**columns.of, "at": dates[0]})
    if told:
        return DateOrder(told, told=True), ""
    # The first date shows how the column is written; rows without a date are bad rows.
    shown = next((text for row in first if is_date(text := _at(columns, row))), "")
    if not needs_order(shown):
        return DateOrder(proof=shown), ""
    try:
        return find_order((row.line, _at(columns, row)) for row in rows()), ""
    except UnclearOrder as problem:
        return NO_ORDER, str(problem)


def _at(columns: Columns, row: TableRow) -> str:
    """Return the text of a row's time; empty where it has none that can be read."""
    try:
        return columns.text(row.values, "at")
    except ValueError:
        return ""
