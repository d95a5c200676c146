"""Who reviewed what: counts and times by reviewer, and outputs that several people reviewed.

Tested in tests/flows/queries/test_reviewers.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import JSON, ColumnElement, String, case, cast, func, select

from harness.records import NOT_COUNTED, SYNTHETIC, Review, Treatment
from harness.store import schema
from harness.store.codec import decode
from harness.store.database import Database
from harness.store.tallies import narrowed

_GIVEN = ("adapter", "input", "output", "turns", "system", "context")
"""What makes two reviews reviews of the same output."""
_AT_ONCE = 1000
"""Rows per statement."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What a person reviewed."""

    name: str
    counted: int
    """Reviews of production, which enter rates."""
    uncounted: int
    """Reviews of benchmark outputs, and second looks, which enter none."""
    synthetic: int
    """How many are made up."""
    accepted: int
    edited: int
    rejected: int
    edit_n: int
    """Reviews with an edit rate."""
    edit_sum: float


@dataclass(frozen=True, slots=True)
class Look:
    """A review, as far as it matters for agreement."""

    reviewer: str
    decision: Treatment
    edit_rate: float | None


def reviewers(database: Database, task: str | None, since: str | None) -> list[Reviewer]:
    """Return every person with the number of their reviews, sorted by name."""
    table = schema.reviews
    kinds = {
        "uncounted": table.c.source.in_(NOT_COUNTED),
        "synthetic": table.c.source == SYNTHETIC,
        **{word: table.c.decision == word for word in ("accepted", "edited", "rejected")},
    }
    asked = select(
        table.c.reviewer,
        func.count().label("n"),
        *(func.sum(case((of, 1), else_=0)).label(name) for name, of in kinds.items()),
        func.count(table.c.edit_rate).label("edit_n"),
        func.coalesce(func.sum(table.c.edit_rate), 0.0).label("edit_sum"),
    )
    with database.read() as connection:
        rows = connection.execute(
            narrowed(asked, task, since=since).group_by(table.c.reviewer)
        ).all()
    found = [
        Reviewer(
            row.reviewer, int(row.n) - int(row.uncounted), int(row.uncounted), int(row.synthetic),
            int(row.accepted), int(row.edited), int(row.rejected), int(row.edit_n),
            float(row.edit_sum),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.name)


def times(database: Database, task: str | None, since: str | None) -> dict[str, list[float]]:
    """Return the measured seconds of each person's reviews; people without any are left out."""
    table = schema.reviews
    asked = select(table.c.reviewer, table.c.seconds, func.count().label("n"))
    asked = narrowed(asked.where(table.c.seconds.is_not(None)), task, since=since)
    found: dict[str, list[float]] = defaultdict(list)
    with database.read() as connection:
        # Equal times come as one row: people's times repeat, and rows are what costs.
        for row in connection.execute(asked.group_by(table.c.reviewer, table.c.seconds)):
            found[row.reviewer] += [float(row.seconds)] * int(row.n)
    return dict(found)


def looked_at_twice(database: Database, task: str | None, since: str | None) -> list[list[Look]]:
    """Return the reviews of each output that several people reviewed; one a person, their first."""
    table, by_output = schema.reviews, defaultdict[str, dict[str, Look]](dict)
    numbers = _likely_twice(database, task, since)
    for start in range(0, len(numbers), _AT_ONCE):
        some = table.c.seq.in_(numbers[start : start + _AT_ONCE])
        with database.read() as connection:
            rows = connection.execute(select(table).where(some).order_by(table.c.seq)).all()
        for row in rows:
            body = json.loads(row.body)
            key = json.dumps([body.get(name) for name in _GIVEN])
            look = Look(row.reviewer, row.decision, row.edit_rate)
            by_output[key].setdefault(row.reviewer, look)
    return [list(looks.values()) for looks in by_output.values() if len(looks) > 1]


def _likely_twice(database: Database, task: str | None, since: str | None) -> list[int]:
    """Return the numbers of reviews whose input and output several people's reviews share.

    The database compares the texts, so that only these few leave it.
    """
    table = schema.reviews
    texts = [_text_of(database, name) for name in ("input", "output")]
    several = func.count(table.c.reviewer.distinct()) > 1
    asked = select(func.aggregate_strings(cast(table.c.seq, String), ","))
    asked = narrowed(asked.where(table.c.reviewer != ""), task, since=since)
    with database.read() as connection:
        groups = connection.execute(
            asked.group_by(table.c.adapter, *texts).having(several)
        ).scalars()
        return sorted(int(number) for group in groups for number in group.split(","))


def _text_of(database: Database, name: str) -> ColumnElement[str]:
    body = schema.reviews.c.body
    if database.engine.dialect.name == "postgresql":
        of_json: ColumnElement[str] = cast(body, JSON)[name].as_string()
        return of_json
    found: ColumnElement[str] = func.json_extract(body, f"$.{name}")
    return found


def by_others(
    database: Database, task: str, reviewer: str, known: Sequence[str], limit: int
) -> list[Review]:
    """Return the newest reviews that other people made, without the sources in `known`."""
    table = schema.reviews
    asked = (
        select(table.c.body)
        .where(table.c.task == task, table.c.reviewer.not_in(("", reviewer)))
        .where(table.c.source.not_in(known))
        .order_by(table.c.seq.desc())
        .limit(limit)
    )
    with database.read() as connection:
        return [decode(body, Review) for body in connection.execute(asked).scalars()]
