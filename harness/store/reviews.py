"""The table of reviews: each counted once by its id, numbered in the order of their import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from harness.errors import DataError
from harness.records import Review, Tally
from harness.store import schema
from harness.store.codec import decode
from harness.store.database import REVIEW_LOCK, Database, lock
from harness.store.review_rows import ReviewRow, is_whole, row_of
from harness.store.tallies import By, by_adapter, grouping, narrowed, tallied, tally_of

_AT_ONCE = 1000
"""Rows per statement."""


class Reviews:
    """The reviews, numbered from 1, so that "all up to N" is well defined.

    A number that is missing was taken back; no other review gets it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, reviews: Sequence[Review]) -> int:
        """Store all reviews or none and return how many were new.

        A review whose id is in the store with another content is refused.
        """
        return self.keep_rows([row_of(review) for review in reviews])

    def keep_rows(self, rows: Sequence[ReviewRow]) -> int:
        """Store reviews that are rows already; otherwise the same as `keep`."""
        new = 0
        with self._database.write() as connection:
            # Numbers are read, counted up and written: two writers at once would give one twice.
            lock(connection, REVIEW_LOCK)
            for start in range(0, len(rows), _AT_ONCE):
                new += _keep(connection, rows[start : start + _AT_ONCE])
        return new

    def take_back(self, review: Review, at: str) -> None:
        """Remove a review for good and note that its number is taken; all but its texts is noted.

        Refused where the store has no such review under this number any more.
        """
        reviews, slices = schema.reviews, schema.review_slices
        asked = select(reviews.c.content).where(
            reviews.c.id == review.id, reviews.c.seq == review.seq
        )
        with self._database.write() as connection:
            lock(connection, REVIEW_LOCK)
            content = connection.execute(asked).scalar()
            if content is None:
                raise DataError(f"review {review.id!r} was taken back already")
            connection.execute(delete(slices).where(slices.c.review == review.seq))
            connection.execute(delete(reviews).where(reviews.c.seq == review.seq))
            noted = {"seq": review.seq, "id": review.id, "content": content}
            noted |= {"reviewer": review.reviewer, "at": at}
            connection.execute(insert(schema.withdrawn_reviews), [noted])

    def contents(self, identities: Sequence[str]) -> dict[str, str]:
        """Return the content keys by id, for the ids that are in the store."""
        with self._database.read() as connection:
            return _contents(connection, identities)

    def by_ids(self, identities: Sequence[str]) -> list[Review]:
        """Return the reviews with these ids, in the store's order; unknown ids are left out."""
        table = schema.reviews
        asked = select(table).where(table.c.id.in_(identities)).order_by(table.c.seq)
        with self._database.read() as connection:
            return [_review(row) for row in connection.execute(asked)]

    def count(self, task: str | None = None) -> int:
        """Return the number of reviews."""
        table = schema.reviews
        with self._database.read() as connection:
            asked = narrowed(select(func.count()).select_from(table), task)
            return int(connection.execute(asked).scalar_one())

    def each(
        self,
        task: str | None = None,
        since_seq: int = 0,
        since: str | None = None,
        adapter: str | None = None,
        made_by: tuple[str, str] | None = None,
    ) -> Iterator[Review]:
        """Yield every review in the store's order, a page at a time.

        `made_by` is an adapter by name and digest; where a review has no digest the name counts.
        """
        # No transaction stays open between two pages: the caller may take long, or write itself.
        table = schema.reviews
        while True:
            asked = narrowed(select(table), task, since_seq, since, adapter, made_by)
            with self._database.read() as connection:
                rows = connection.execute(asked.order_by(table.c.seq).limit(_AT_ONCE)).all()
            if not rows:
                return
            yield from map(_review, rows)
            since_seq = rows[-1].seq

    def weekly(
        self,
        task: str,
        digest: str | None = None,
        adapter: str | None = None,
        after_seq: int = 0,
        since: str | None = None,
        made_by: tuple[str, str] | None = None,
    ) -> list[Tally]:
        """Return a tally for each ISO week, the oldest first."""
        return self.rates(
            "week",
            task,
            since,
            digest=digest,
            adapter=adapter,
            after_seq=after_seq,
            made_by=made_by,
        )

    def rates(
        self,
        by: By = "week",
        task: str | None = None,
        since: str | None = None,
        *,
        digest: str | None = None,
        adapter: str | None = None,
        after_seq: int = 0,
        made_by: tuple[str, str] | None = None,
    ) -> list[Tally]:
        """Return a tally for each week, adapter, slice, reviewer or task, sorted by key."""
        key, source = grouping(by)
        asked = narrowed(tallied(key).select_from(source), task, after_seq, since, adapter, made_by)
        if digest is not None:
            asked = asked.where(schema.reviews.c.digest == digest)
        with self._database.read() as connection:
            rows = connection.execute(asked.group_by(key)).all()
        return sorted(map(tally_of, rows), key=lambda tally: tally.key)

    def weekly_by_adapter(self, task: str, since: str | None = None) -> list[tuple[str, Tally]]:
        """Return each adapter's tally of each ISO week, the oldest week first."""
        table = schema.reviews
        asked = narrowed(tallied(table.c.week), task, since=since).add_columns(table.c.adapter)
        with self._database.read() as connection:
            rows = connection.execute(asked.group_by(table.c.week, table.c.adapter)).all()
        found = [(row.adapter, tally_of(row)) for row in rows]
        return sorted(found, key=lambda pair: (pair[1].key, pair[0]))

    def weekly_uncounted(
        self, task: str, made_by: tuple[str, str], after_seq: int, since: str | None = None
    ) -> list[list[Tally]]:
        """Return by adapter the weeks of all reviews that `weekly` leaves out for these filters.

        Adapters come in the order of their first week, then of their names.
        """
        table = schema.reviews
        counted = by_adapter(*made_by) & (table.c.seq > after_seq)
        # By digest first, as the index has them: so the database need not sort.
        by = (table.c.digest, table.c.adapter, table.c.week)
        asked = narrowed(tallied(table.c.week), task, since=since).add_columns(table.c.adapter)
        with self._database.read() as connection:
            rows = connection.execute(asked.where(~counted).group_by(*by)).all()
        found: dict[str, dict[str, list[Row[Any]]]] = {}
        for row in rows:
            found.setdefault(row.adapter, {}).setdefault(row.key, []).append(row)
        adapters = sorted(found, key=lambda name: (min(found[name]), name))
        return [[tally_of(*found[one][week]) for week in sorted(found[one])] for one in adapters]

    def tasks(self) -> list[str]:
        """Return every task that was reviewed."""
        return self._distinct(schema.reviews.c.task)

    def adapters(self) -> list[str]:
        """Return every adapter that was reviewed."""
        return self._distinct(schema.reviews.c.adapter)

    def changed(self, some: Sequence[str] | None = None) -> Iterator[str]:
        """Yield the ids of reviews whose columns or slices disagree with their body."""
        seq = 0
        while rows := self._rows(seq, some):
            seq = rows[-1].seq
            beside = self._slices([row.seq for row in rows])
            yield from (row.id for row in rows if not is_whole(row, beside.get(row.seq, {})))

    def ids(self) -> list[str]:
        """Return the ids of all reviews, the oldest first."""
        with self._database.read() as connection:
            asked = select(schema.reviews.c.id).order_by(schema.reviews.c.seq)
            return list(connection.execute(asked).scalars())

    def _rows(self, after: int, some: Sequence[str] | None) -> Sequence[Row[Any]]:
        table = schema.reviews
        asked = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(_AT_ONCE)
        if some is not None:
            asked = asked.where(table.c.id.in_(some))
        with self._database.read() as connection:
            return connection.execute(asked).all()

    def _slices(self, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
        table = schema.review_slices
        found: dict[int, dict[str, str]] = {}
        with self._database.read() as connection:
            for row in connection.execute(select(table).where(table.c.review.in_(numbers))):
                found.setdefault(row.review, {})[row.name] = row.value
        return found

    def digests(self) -> dict[str, list[str]]:
        """Return every adapter that was judged or decided on with its digests, the newest last."""
        found: dict[str, dict[str, None]] = {}
        with self._database.read() as connection:
            for table in (schema.runs, schema.decisions):
                asked = select(table.c.adapter, table.c.digest).order_by(table.c.seq)
                for row in connection.execute(asked):
                    # A dict as an ordered set: a digest seen again moves to the end.
                    digests = found.setdefault(row.adapter, {})
                    digests.pop(row.digest, None)
                    digests[row.digest] = None
        return {name: list(digests) for name, digests in found.items()}

    def sources(self) -> list[str]:
        """Return every source of reviews: files, or `dashboard`."""
        return self._distinct(schema.reviews.c.source)

    def last_seq(self) -> int:
        """Return the highest number that a review was given, 0 where there was none."""
        with self._database.read() as connection:
            return _last_seq(connection)

    def _distinct(self, column: Any) -> list[str]:
        with self._database.read() as connection:
            return sorted(connection.execute(select(column).distinct()).scalars())


def _keep(connection: Connection, rows: Sequence[ReviewRow]) -> int:
    """Insert the rows with new ids, numbered on; refuse a known id with another content."""
    known = _contents(connection, [row["id"] for row in rows])
    seq = _last_seq(connection)
    new: list[ReviewRow] = []
    slices: list[dict[str, Any]] = []
    for row in rows:
        if row["id"] not in known:
            seq += 1
            columns = {name: value for name, value in row.items() if name != "slices"}
            new.append(columns | {"seq": seq})
            slices += [{"review": seq, "name": n, "value": v} for n, v in row["slices"].items()]
        elif known[row["id"]] != row["content"]:
            raise DataError(f"review {row['id']!r} is in the store already and says something else")
        known[row["id"]] = row["content"]  # the same id may come again in these rows
    if new:
        connection.execute(insert(schema.reviews), new)
    if slices:
        connection.execute(insert(schema.review_slices), slices)
    return len(new)


def _contents(connection: Connection, identities: Sequence[str]) -> dict[str, str]:
    table = schema.reviews
    asked = select(table.c.id, table.c.content).where(table.c.id.in_(identities))
    return {row.id: row.content for row in connection.execute(asked)}


def _last_seq(connection: Connection) -> int:
    # A number that was taken back counts: a reader who has seen it must not miss a later review.
    numbers = [table.c.seq for table in (schema.reviews, schema.withdrawn_reviews)]
    asked = select(*(select(func.max(number)).scalar_subquery() for number in numbers))
    return max(number or 0 for number in connection.execute(asked).one())


def _review(row: Row[Any]) -> Review:
    return replace(decode(row.body, Review), seq=row.seq)
