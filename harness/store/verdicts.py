"""The table of verdicts, each with every input that it rests on.

A verdict's id covers its words; its seal covers their digests, and what stands beside it, so that
a verdict that came without its texts is proven as well.

Tested in tests/store/test_round_trips.py and test_seals.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, func, select

from harness.errors import RowUnreadable
from harness.records import Verdict
from harness.store import schema
from harness.store.codec import decode, encode
from harness.store.database import Database
from harness.store.insertion import insert_new
from harness.store.keys import key_of
from harness.store.seals import seal_of
from harness.text.left_out import without_texts


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict with its id, its run and its time."""

    id: str
    """The content key of the verdict."""
    verdict: Verdict
    """The verdict itself."""
    run: str
    """Id of the judged run."""
    digest: str
    """Digest of the judged adapter's bytes."""
    made: str
    """When it was given; ISO 8601, UTC."""

    @property
    def beside(self) -> dict[str, str]:
        """What its seal covers besides the verdict itself."""
        return {"id": self.id, "run": self.run, "digest": self.digest, "made": self.made}


class Verdicts:
    """The verdicts, each stored once per content: judging the same runs again adds no row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self, verdict: Verdict, run: str, digest: str, made: str, identity: str | None = None
    ) -> str:
        """Store a verdict and return its id, the hash of its content and run.

        `identity` is the id of a verdict whose texts were left out since.
        """
        body = encode(verdict)
        identity = identity or key_of("verdict", body=body, run=run)
        row = {
            "id": identity,
            "run": run,
            "candidate": verdict.candidate,
            "digest": digest,
            "benchmark": verdict.benchmark,
            "fingerprint": verdict.fingerprint,
            "outcome": verdict.outcome,
            "made": made,
            "body": body,
            "seal": seal_of(verdict, id=identity, run=run, digest=digest, made=made),
        }
        with self._database.write() as connection:
            insert_new(connection, schema.verdicts, [row])
        return identity

    def all(self) -> Iterator[StoredVerdict]:
        """Yield every verdict, the oldest first."""
        table = schema.verdicts
        with self._database.read() as connection:
            for row in connection.execute(select(table).order_by(table.c.seq)):
                yield _kept(row)

    def heads(self) -> list[tuple[str, str, str, str]]:
        """Return id, digest, benchmark and fingerprint of every verdict, the oldest first."""
        table = schema.verdicts
        columns = (table.c.id, table.c.digest, table.c.benchmark, table.c.fingerprint)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(table.c.seq)).all()
        return [(row.id, row.digest, row.benchmark, row.fingerprint) for row in rows]

    def changed(self, some: Collection[str] | None = None) -> list[str]:
        """Return the ids of verdicts whose content, or a column beside it, is not as recorded."""
        table = schema.verdicts
        asked = select(table).order_by(table.c.seq)
        if some is not None:
            asked = asked.where(table.c.id.in_(some))
        with self._database.read() as connection:
            return [row.id for row in connection.execute(asked) if not _is_whole(row)]

    def by_id(self, identity: str) -> Verdict | None:
        """Return the verdict with this id, or None."""
        return self._last(schema.verdicts.c.id == identity)

    def by_ids(self, identities: Sequence[str]) -> dict[str, Verdict]:
        """Return verdicts by their ids, for the few that a page shows with what they rest on."""
        table = schema.verdicts
        asked = select(table.c.id, table.c.body).where(table.c.id.in_(identities))
        with self._database.read() as connection:
            return {row.id: _read(row.body) for row in connection.execute(asked)}

    def of_run(self, run: str) -> Verdict | None:
        """Return the last verdict on a run, or None."""
        return self._last(schema.verdicts.c.run == run)

    def kept(self, identity: str) -> StoredVerdict | None:
        """Return the verdict with this id, with its run and time, or None."""
        row = self._row(schema.verdicts.c.id == identity)
        return _kept(row) if row else None

    def last_on(self, run: str) -> StoredVerdict | None:
        """Return the last verdict on a run, with its id and time, or None."""
        row = self._row(schema.verdicts.c.run == run)
        return _kept(row) if row else None

    def of_candidate(self, candidate: str, benchmark: str) -> tuple[str, Verdict] | None:
        """Return id and content of the last verdict on an adapter, or None."""
        table = schema.verdicts
        row = self._row((table.c.candidate == candidate) & (table.c.benchmark == benchmark))
        return (row.id, decode(row.body, Verdict)) if row else None

    def of_bytes(self, digest: str, fingerprint: str) -> Iterator[tuple[str, Verdict]]:
        """Yield ids and verdicts of an adapter's bytes on a benchmark version, newest first."""
        table = schema.verdicts
        mine = (table.c.fingerprint == fingerprint) & (table.c.digest == digest)
        asked = select(table.c.id, table.c.body).where(mine).order_by(table.c.seq.desc())
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        for row in rows:
            yield row.id, decode(row.body, Verdict)

    def on(self, fingerprint: str) -> list[Verdict]:
        """Return every verdict on this benchmark version, the oldest first."""
        table = schema.verdicts
        asked = select(table.c.body).where(table.c.fingerprint == fingerprint)
        with self._database.read() as connection:
            bodies = connection.execute(asked.order_by(table.c.seq)).scalars().all()
        return [decode(body, Verdict) for body in bodies]

    def candidates(self, fingerprint: str) -> list[str]:
        """Return the digests of all adapters judged on this benchmark version, the oldest first."""
        table = schema.verdicts
        statement = (
            select(table.c.digest, func.min(table.c.seq))
            .where(table.c.fingerprint == fingerprint)
            .group_by(table.c.digest)
            .order_by(func.min(table.c.seq))
        )
        with self._database.read() as connection:
            return [row.digest for row in connection.execute(statement)]

    def _last(self, where: Any) -> Verdict | None:
        row = self._row(where)
        return decode(row.body, Verdict) if row else None

    def _row(self, where: Any) -> Row[Any] | None:
        table = schema.verdicts
        statement = select(table).where(where).order_by(table.c.seq.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(statement).one_or_none()


# Pages show the same few on every look; a changed row is another text.
@lru_cache(maxsize=256)
def _read(body: str) -> Verdict:
    return decode(body, Verdict)


def _kept(row: Row[Any]) -> StoredVerdict:
    return StoredVerdict(row.id, decode(row.body, Verdict), row.run, row.digest, row.made)


def _is_whole(row: Row[Any]) -> bool:
    """Return whether id and seal fit the body, and the columns beside it repeat what it says."""
    named = bool(key_of("verdict", body=row.body, run=row.run) == row.id)
    try:
        it = decode(row.body, Verdict)
    except RowUnreadable:
        return False
    beside = (row.candidate, row.benchmark, row.fingerprint, row.outcome)
    if beside != (it.candidate, it.benchmark, it.fingerprint, it.outcome):
        return False
    if row.seal is None:  # stored by a version before the seals
        return named
    sealed = row.seal == seal_of(it, id=row.id, run=row.run, digest=row.digest, made=row.made)
    return bool(sealed) and (named or without_texts(it) == it)
