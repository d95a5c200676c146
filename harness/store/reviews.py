"""Reviews: what people did with production outputs, counted once, in the store's own order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text

from harness.errors import DataError
from harness.records import Review, Tally
from harness.store import schema
from harness.store.codec import decode
from harness.store.database import Database
from harness.store.review_rows import ReviewRow, is_whole, row_of
from harness.store.tallies import By, grouping, narrowed, tallied, tally_of

_LOCK = 4713
_AT_ONCE = 1000


class Reviews:
    """Numbered from 1 without gaps: what was seen up to a number was seen whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, reviews: Sequence[Review]) -> int:
        """How many were new; all of them or none, and an id that says something else is refused."""
        return self.keep_rows([row_of(review) for review in reviews])

    def keep_rows(self, rows: Sequence[ReviewRow]) -> int:
        """The same for reviews that were made ready before."""
        new = 0
        with self._database.write() as connection:
            _hold(connection)
            for start in range(0, len(rows), _AT_ONCE):
                new += _keep(connection, rows[start : start + _AT_ONCE])
        return new

    def contents(self, identities: Sequence[str]) -> dict[str, str]:
        """The content keys of those ids that are here."""
        with self._database.read() as connection:
            return _contents(connection, identities)

    def by_ids(self, identities: Sequence[str]) -> list[Review]:
        """Those that are here, in the store's order."""
        table = schema.reviews
        asked = select(table).where(table.c.id.in_(identities)).order_by(table.c.seq)
        with self._database.read() as connection:
            return [_review(row) for row in connection.execute(asked)]

    def count(self, task: str | None = None) -> int:
        """How many reviews there are."""
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
        """Every review in the store's order, without holding them all or the store.

        `made_by` is an adapter by name and digest; where a review has no digest the name counts.
        """
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
        """One tally per ISO week, the oldest first."""
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
        """One tally per week, adapter, slice, reviewer or task, by name."""
        key, source = grouping(by)
        asked = narrowed(tallied(key).select_from(source), task, after_seq, since, adapter, made_by)
        if digest is not None:
            asked = asked.where(schema.reviews.c.digest == digest)
        with self._database.read() as connection:
            rows = connection.execute(asked.group_by(key)).all()
        return sorted(map(tally_of, rows), key=lambda tally: tally.key)

    def weekly_by_adapter(self, task: str, since: str | None = None) -> list[tuple[str, Tally]]:
        """Each adapter's tally of each ISO week, the oldest week first."""
        table = schema.reviews
        asked = narrowed(tallied(table.c.week), task, since=since).add_columns(table.c.adapter)
        with self._database.read() as connection:
            rows = connection.execute(asked.group_by(table.c.week, table.c.adapter)).all()
        found = [(row.adapter, tally_of(row)) for row in rows]
        return sorted(found, key=lambda pair: (pair[1].key, pair[0]))

    def tasks(self) -> list[str]:
        """Every task that was reviewed."""
        return self._distinct(schema.reviews.c.task)

    def adapters(self) -> list[str]:
        """Every adapter that was reviewed."""
        return self._distinct(schema.reviews.c.adapter)

    def changed(self) -> Iterator[str]:
        """Ids of reviews whose rows are not what was recorded: content, columns or slices."""
        seq = 0
        while rows := self._rows(seq):
            seq = rows[-1].seq
            beside = self._slices([row.seq for row in rows])
            yield from (row.id for row in rows if not is_whole(row, beside.get(row.seq, {})))

    def _rows(self, after: int) -> Sequence[Row[Any]]:
        table = schema.reviews
        asked = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(_AT_ONCE)
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
        """Every adapter that was judged or decided on, with its digests, the newest last."""
        found: dict[str, dict[str, None]] = {}
        with self._database.read() as connection:
            for table in (schema.runs, schema.decisions):
                asked = select(table.c.adapter, table.c.digest).order_by(table.c.seq)
                for row in connection.execute(asked):
                    mine = found.setdefault(row.adapter, {})
                    mine.pop(row.digest, None)
                    mine[row.digest] = None
        return {name: list(mine) for name, mine in found.items()}

    def sources(self) -> list[str]:
        """Every file, or `dashboard`, that reviews came from."""
        return self._distinct(schema.reviews.c.source)

    def last_seq(self) -> int:
        """The number of the newest review, 0 where there is none."""
        with self._database.read() as connection:
            return _last_seq(connection)

    def _distinct(self, column: Any) -> list[str]:
        with self._database.read() as connection:
            return sorted(connection.execute(select(column).distinct()).scalars())


def _hold(connection: Connection) -> None:
    """Numbers are given by one writer at a time; SQLite's write lock is that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:it)"), {"it": _LOCK})


def _keep(connection: Connection, rows: Sequence[ReviewRow]) -> int:
    known = _contents(connection, [row["id"] for row in rows])
    seq = _last_seq(connection)
    new: list[ReviewRow] = []
    slices: list[dict[str, Any]] = []
    for row in rows:
        if row["id"] not in known:
            seq += 1
            new.append({**row, "seq": seq})
            slices += [{"review": seq, "name": n, "value": v} for n, v in row["slices"].items()]
        elif known[row["id"]] != row["content"]:
            raise DataError(f"review {row['id']!r} is in the store already and says something else")
        known[row["id"]] = row["content"]
    if new:
        connection.execute(insert(schema.reviews), [_without_slices(row) for row in new])
    if slices:
        connection.execute(insert(schema.review_slices), slices)
    return len(new)


def _without_slices(row: ReviewRow) -> ReviewRow:
    return {name: value for name, value in row.items() if name != "slices"}


def _contents(connection: Connection, identities: Sequence[str]) -> dict[str, str]:
    table = schema.reviews
    asked = select(table.c.id, table.c.content).where(table.c.id.in_(identities))
    return {row.id: row.content for row in connection.execute(asked)}


def _last_seq(connection: Connection) -> int:
    return int(connection.execute(select(func.max(schema.reviews.c.seq))).scalar() or 0)


def _review(row: Row[Any]) -> Review:
    return replace(decode(row.body, Review), seq=row.seq)
