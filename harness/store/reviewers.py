"""Who reviewed what: counts and times by reviewer, and outputs that several people reviewed.

Tested in tests/flows/queries/test_reviewers.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from harness.records import NOT_COUNTED, SYNTHETIC, Review, Treatment
from harness.store import schema
from harness.store.codec import decode
from harness.store.database import Database
from harness.store.tallies import narrowed

_GIVEN = ("adapter", "input", "output", "turns", "system", "context")
"""What makes two reviews reviews of the same output."""


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
    asked = select(table.c.reviewer, table.c.seconds).where(table.c.seconds.is_not(None))
    found: dict[str, list[float]] = defaultdict(list)
    with database.read() as connection:
        for row in connection.execute(narrowed(asked, task, since=since)):
            found[row.reviewer].append(float(row.seconds))
    return dict(found)


def looked_at_twice(database: Database, task: str | None, since: str | None) -> list[list[Look]]:
    """Return the reviews of each output that several people reviewed; one a person, their first."""
    by_output: dict[int, dict[str, Look]] = defaultdict(dict)
    for row in _signed(database, task, since):
        body = json.loads(row.body)
        # A hash in place of the texts: there may be 100,000 of them.
        key = hash(json.dumps([body.get(name) for name in _GIVEN]))
        look = Look(row.reviewer, row.decision, row.edit_rate)
        by_output[key].setdefault(row.reviewer, look)
    return [list(looks.values()) for looks in by_output.values() if len(looks) > 1]


def _signed(database: Database, task: str | None, since: str | None) -> Iterator[Any]:
    """Yield the reviews that a person's name stands on; nothing where it is one name only."""
    table = schema.reviews
    named = table.c.reviewer != ""
    with database.read() as connection:
        names = connection.execute(
            narrowed(select(table.c.reviewer).distinct().where(named), task, since=since).limit(2)
        ).all()
        if len(names) < 2:
            return
        asked = select(table.c.reviewer, table.c.decision, table.c.edit_rate, table.c.body)
        yield from connection.execute(
            narrowed(asked.where(named), task, since=since).order_by(table.c.seq)
        )


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
