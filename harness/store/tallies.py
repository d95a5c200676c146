"""Queries that count reviews in SQL, so that a million reviews cost no memory.

Edit rates are summed as whole billionths: integer sums are exact, so the order of import cannot
change even the last bit of a rate, as it would with sums of floats.

Tested in tests/store/test_reviews.py.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Row,
    Select,
    case,
    cast,
    func,
    literal_column,
    select,
)

from harness.records import NOT_COUNTED, SYNTHETIC, Tally, Treatment
from harness.store import schema

By = Literal["week", "adapter", "slice", "reviewer", "task"]
_UNIT = 1_000_000_000
"""Parts of an edit rate of 1."""


def _number(of: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((of, 1), else_=0))


_table = schema.reviews
# In the order of Tally's fields. Built once, as building takes longer than to count hundreds.
_COUNTS: tuple[ColumnElement[Any], ...] = (
    func.count().label("n"),
    *(_number(_table.c.decision == word).label(word) for word in get_args(Treatment)),
    func.count(_table.c.edit_rate).label("final_n"),
    func.coalesce(func.sum(cast(func.round(_table.c.edit_rate * _UNIT), BigInteger)), 0).label(
        "edit_sum"
    ),
    _number(_table.c.source == SYNTHETIC).label("synthetic"),
    func.min(_table.c.seq).label("first_seq"),
    func.max(_table.c.seq).label("last_seq"),
)
_WIDTH = 1 + len(_COUNTS)
"""Columns of a tally, its key first; what a query adds comes after them."""


def narrowed(
    asked: Select[Any],
    task: str | None = None,
    after_seq: int = 0,
    since: str | None = None,
    adapter: str | None = None,
    made_by: tuple[str, str] | None = None,
) -> Select[Any]:
    """Return a query narrowed to the given filters; `made_by` is an adapter's name and digest."""
    table = schema.reviews
    asked = asked if made_by is None else asked.where(by_adapter(*made_by))
    asked = asked.where(table.c.seq > after_seq) if after_seq else asked
    for column, value in ((table.c.task, task), (table.c.adapter, adapter)):
        asked = asked if value is None else asked.where(column == value)
    return asked if since is None else asked.where(table.c.at >= since)


def by_adapter(name: str, digest: str) -> ColumnElement[bool]:
    """Return the condition that an adapter made the output; without a digest its name counts."""
    table = schema.reviews
    return (table.c.digest == digest) | ((table.c.digest == "") & (table.c.adapter == name))


def grouping(by: By) -> tuple[ColumnElement[str], FromClause]:
    """Return the expression to group by, and the tables that hold it."""
    table, slices = schema.reviews, schema.review_slices
    if by == "slice":
        return slices.c.name + literal_column("'='") + slices.c.value, table.join(slices)
    return table.c[by], table


def tallied(key: ColumnElement[str]) -> Select[Any]:
    """Return the query for tallies of production reviews, to be grouped by its key."""
    asked = select(key.label("key"), *_COUNTS)
    return asked.where(schema.reviews.c.source.not_in(NOT_COUNTED))


def tally_of(*rows: Row[Any]) -> Tally:
    """Return the tally of a row, or of several rows of one key."""
    counts = [tuple(map(int, row[1:_WIDTH])) for row in rows]
    *sums, first, last = counts[0]
    if len(counts) > 1:
        *_, lows, highs = columns = list(zip(*counts, strict=True))
        sums, first, last = [sum(column) for column in columns[:-2]], min(lows), max(highs)
    n, accepted, edited, rejected, final_n, parts, synthetic = sums
    return Tally(
        *(rows[0][0], n, accepted, edited, rejected, final_n, parts / _UNIT),
        *(synthetic, first, last),
    )
