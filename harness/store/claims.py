"""The table of claims: outputs that a reviewer has open, so that no other reviewer is given them.

A claim runs out by itself: a closed browser window says nothing. Claims are no history. They keep
two people from the same work; that a review counts once is promised by the reviews' ids alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from harness.records.holds import EXACT, QUOTING
from harness.store import schema
from harness.store.database import CLAIM_LOCK, Database, lock

LEASE = 600.0
"""Seconds that a claim lasts; what a reviewer does on the page renews it."""

Group = tuple[str, ...]
"""Keys of the outputs that are given to one reviewer together."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An output that a reviewer has open."""

    key: str = field(metadata=EXACT)
    """The key of the waiting output."""
    holder: str = field(metadata=EXACT)
    """The browser session that has it."""
    reviewer: str = field(metadata=QUOTING)
    """The name typed there, empty where there was none yet."""
    until: float
    """When it runs out, in seconds since 1970."""


class Claims:
    """Who has which output open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(
        self, wanted: Sequence[Group], holder: str, reviewer: str = "", now: float | None = None
    ) -> Group | None:
        """Claim one of the groups for a holder and give back all that it held before.

        What it holds already comes first, then the first group that is neither reviewed nor
        claimed by another holder; None where there is no such group.
        """
        now = time.time() if now is None else now
        held = self._held(holder, now)
        mine = next((group for group in wanted if group and held.keys() >= set(group)), None)
        # Read first: most redraws of a page find their claim fresh, and need no lock.
        if mine and all(
            held[key].until - now > LEASE / 2 and held[key].reviewer == reviewer for key in mine
        ):
            return mine
        with self._database.write() as connection:
            # Claims are read and then written: two takers at once would both find a group free.
            lock(connection, CLAIM_LOCK)
            table = schema.review_claims
            ended = (table.c.holder == holder) | (table.c.until <= now)
            connection.execute(delete(table).where(ended))
            found = _first_free(connection, [mine, *wanted] if mine else wanted)
            if found:
                who = {"holder": holder, "reviewer": reviewer, "until": now + LEASE}
                connection.execute(insert(table), [{"key": key} | who for key in found])
        return found

    def free(self, holder: str) -> None:
        """Give back everything that a holder has."""
        with self._database.write() as connection:
            table = schema.review_claims
            connection.execute(delete(table).where(table.c.holder == holder))

    def of(self, keys: Sequence[str], now: float | None = None) -> list[Claim]:
        """Return the claims on these outputs that last, the first to run out first."""
        table = schema.review_claims
        now = time.time() if now is None else now
        asked = select(table).where(table.c.key.in_(keys), table.c.until > now)
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(table.c.until, table.c.key)).all()
        return [Claim(**row._mapping) for row in rows]

    def _held(self, holder: str, now: float) -> dict[str, Claim]:
        table = schema.review_claims
        asked = select(table).where(table.c.holder == holder, table.c.until > now)
        with self._database.read() as connection:
            return {row.key: Claim(**row._mapping) for row in connection.execute(asked)}


def _first_free(connection: Connection, wanted: Sequence[Group]) -> Group | None:
    keys = {key for group in wanted for key in group}
    gone: set[str] = set()
    for column in (schema.review_claims.c.key, schema.reviews.c.id):
        gone.update(connection.execute(select(column).where(column.in_(keys))).scalars())
    return next((group for group in wanted if group and gone.isdisjoint(group)), None)
