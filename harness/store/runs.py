"""The tables of runs: an adapter's outputs and scores on a benchmark, sealed and never edited.

Tested in tests/store/test_round_trips.py and test_seals.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from harness.errors import StoreFailed
from harness.records import CaseResult, Run
from harness.store import schema
from harness.store.codec import decode, encode
from harness.store.database import Database
from harness.store.insertion import insert_new
from harness.store.keys import key_of
from harness.store.run_checks import RUNS_AT_ONCE, changed_runs
from harness.store.summaries import keep_summaries, remove_summaries


@dataclass(frozen=True, slots=True)
class _About:
    """The parts of a run that its row keeps as JSON."""

    digests: dict[str, Any]
    origin: dict[str, Any]
    seconds: dict[str, Any]


class Runs:
    """The runs, each found by its id or by the key of all its inputs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_key(self, key: str) -> Run | None:
        """Return the run that was made from exactly these inputs, or None."""
        return self._one(schema.runs.c.key == key)

    def by_id(self, identity: str) -> Run | None:
        """Return the run with this id, or None."""
        return self._one(schema.runs.c.id == identity)

    def ids(self) -> list[str]:
        """Return all run ids, the oldest first."""
        with self._database.read() as connection:
            found = connection.execute(select(schema.runs.c.id).order_by(schema.runs.c.seq))
            return list(found.scalars())

    def heads(self) -> list[tuple[str, str, str]]:
        """Return id, adapter and benchmark of every run, the oldest first."""
        table = schema.runs
        statement = select(table.c.id, table.c.adapter, table.c.benchmark).order_by(table.c.seq)
        with self._database.read() as connection:
            return [(row.id, row.adapter, row.benchmark) for row in connection.execute(statement)]

    def remove(self, identities: Sequence[str]) -> None:
        """Delete all these runs or none, with their cases, scores, summaries and verdicts."""
        table = schema.runs
        with self._database.write() as connection:
            for identity in identities:
                seq = connection.execute(
                    select(table.c.seq).where(table.c.id == identity)
                ).scalar_one_or_none()
                # Rows that refer to the run go first, as foreign keys are enforced.
                remove_summaries(connection, seq)
                for part in (schema.run_cases, schema.run_scores):
                    connection.execute(delete(part).where(part.c.run == seq))
                verdicts = schema.verdicts
                connection.execute(delete(verdicts).where(verdicts.c.run == identity))
                connection.execute(delete(table).where(table.c.seq == seq))

    def numbered(self, digest: str, benchmark: str, fingerprint: str) -> list[tuple[int, str]]:
        """Return number and start of every complete run of these bytes, the oldest first."""
        table = schema.runs
        mine = (table.c.benchmark == benchmark) & (table.c.fingerprint == fingerprint)
        mine &= (table.c.digest == digest) & table.c.complete
        asked = select(table.c.seq, table.c.started).where(mine).order_by(table.c.seq)
        with self._database.read() as connection:
            return [(row.seq, row.started) for row in connection.execute(asked)]

    def newest(self, adapter: str, benchmark: str) -> Run | None:
        """Return an adapter's last complete run on a benchmark, or None."""
        table = schema.runs
        same = (table.c.adapter == adapter) & (table.c.benchmark == benchmark)
        return self._one(same & table.c.complete)

    def of_digest(self, digest: str, benchmark: str, fingerprint: str) -> Iterator[Run]:
        """Yield the complete runs of these bytes on a benchmark version, the newest first."""
        for seq, _ in reversed(self.numbered(digest, benchmark, fingerprint)):
            if (run := self._one(schema.runs.c.seq == seq)) is not None:
                yield run

    def newest_each(self, benchmark: str, fingerprint: str) -> list[Run]:
        """Return the newest complete run of each adapter on a benchmark version, newest first."""
        table = schema.runs
        mine = (table.c.benchmark == benchmark) & (table.c.fingerprint == fingerprint)
        newest = (
            select(func.max(table.c.seq).label("seq"))
            .where(mine & table.c.complete)
            .group_by(table.c.adapter, table.c.digest)
        )
        with self._database.read() as connection:
            places = sorted(connection.execute(newest).scalars(), reverse=True)
        found = (self._one(table.c.seq == place) for place in places)
        return [run for run in found if run is not None]

    def key(self, identity: str) -> str | None:
        """Return the content key of a run, if the run is there."""
        with self._database.read() as connection:
            table = schema.runs
            return connection.execute(
                select(table.c.key).where(table.c.id == identity)
            ).scalar_one_or_none()

    def is_imported(self, identity: str) -> bool:
        """Return whether a run came with a history, and was not made here."""
        table = schema.runs
        with self._database.read() as connection:
            asked = select(table.c.imported).where(table.c.id == identity)
            return bool(connection.execute(asked).scalar_one_or_none())

    def made_here(self, identity: str) -> None:
        """Record that a run that came with a history was made here, with the same results."""
        table = schema.runs
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == identity).values(imported=False))

    def keep(self, run: Run, key: str, imported: bool = False) -> Run:
        """Store a run and return it; where the key is taken, return the first run with it.

        `imported`: it is of a history file, and was not made here.
        """
        table = schema.runs
        with self._database.write() as connection:
            # Two processes may end the same run at once: the first to insert the head inserts the
            # rest as well, and the other adds no row.
            if insert_new(connection, table, [_head(run, key) | {"imported": imported}]):
                seq = connection.execute(select(table.c.seq).where(table.c.key == key)).scalar_one()
                cases = [
                    {"run": seq, "position": place, "case_id": each.case.id, "body": encode(each)}
                    for place, each in enumerate(run.results)
                ]
                scores = [
                    {"run": seq, "case_id": each.case.id, "metric": metric, "value": value}
                    for each in run.results
                    for metric, value in each.scores.items()
                ]
                insert_new(connection, schema.run_cases, cases)
                insert_new(connection, schema.run_scores, scores)
                keep_summaries(connection, run, seq)
        kept = self.by_key(key)
        if kept is None:
            raise StoreFailed(f"the store has another run of the name {run.id}, try again")
        return kept

    def changed(self, some: Sequence[str] | None = None) -> list[str]:
        """Return the ids of runs whose head, cases, scores or means are not as recorded."""
        wanted, found = self.ids() if some is None else some, []
        for start in range(0, len(wanted), RUNS_AT_ONCE):
            with self._database.read() as connection:
                found += changed_runs(connection, wanted[start : start + RUNS_AT_ONCE])
        return found

    def _one(self, where: Any) -> Run | None:
        table, cases = schema.runs, schema.run_cases
        with self._database.read() as connection:
            statement = select(table).where(where).order_by(table.c.seq.desc()).limit(1)
            head = connection.execute(statement).one_or_none()
            if head is None:
                return None
            bodies = connection.execute(
                select(cases.c.body).where(cases.c.run == head.seq).order_by(cases.c.position)
            ).scalars()
            about = decode(head.body, _About)
            return Run(
                id=head.id,
                adapter=head.adapter,
                benchmark=head.benchmark,
                task=head.task,
                fingerprint=head.fingerprint,
                results=tuple(decode(body, CaseResult) for body in bodies),
                complete=head.complete,
                digests=about.digests,
                origin=about.origin,
                started=head.started,
                seconds=about.seconds,
            )


def seal(run: Run) -> str:
    """Return the hash of a run's whole content; a row changed by hand no longer fits it."""
    return key_of("seal", run=encode(run))


def _head(run: Run, key: str) -> dict[str, Any]:
    about = {"digests": run.digests, "origin": run.origin, "seconds": run.seconds}
    return {
        "id": run.id,
        "key": key,
        "adapter": run.adapter,
        "digest": run.digests.get("adapter", ""),
        "benchmark": run.benchmark,
        "task": run.task,
        "fingerprint": run.fingerprint,
        "complete": run.complete,
        "started": run.started,
        "body": encode(about),
        "seal": seal(run),
    }
