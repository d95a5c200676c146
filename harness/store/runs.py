"""Runs: what one adapter wrote and scored on one benchmark, kept whole and never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select

from harness.errors import RowUnreadable, StoreFailed
from harness.records import CaseResult, Run
from harness.store import schema
from harness.store.codec import decode, encode
from harness.store.database import Database
from harness.store.insertion import insert_new
from harness.store.keys import key_of
from harness.store.summaries import keep_summaries, remove_summaries, summaries_hold


@dataclass(frozen=True, slots=True)
class _About:
    """What a run's head keeps as JSON."""

    digests: dict[str, Any]
    origin: dict[str, Any]
    seconds: dict[str, Any]


class Runs:
    """Found by id, or by the key of everything that went in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_key(self, key: str) -> Run | None:
        """The run that was made from exactly this, if there is one."""
        return self._one(schema.runs.c.key == key)

    def by_id(self, identity: str) -> Run | None:
        """The run of this id."""
        return self._one(schema.runs.c.id == identity)

    def ids(self) -> list[str]:
        """All run ids in the store's order."""
        with self._database.read() as connection:
            found = connection.execute(select(schema.runs.c.id).order_by(schema.runs.c.seq))
            return list(found.scalars())

    def heads(self) -> list[tuple[str, str, str]]:
        """Id, adapter and benchmark of every run, the oldest first."""
        table = schema.runs
        statement = select(table.c.id, table.c.adapter, table.c.benchmark).order_by(table.c.seq)
        with self._database.read() as connection:
            return [(row.id, row.adapter, row.benchmark) for row in connection.execute(statement)]

    def remove(self, identities: Sequence[str]) -> None:
        """Take runs away with their cases, scores and verdicts; all of them or none."""
        table = schema.runs
        with self._database.write() as connection:
            for identity in identities:
                seq = connection.execute(
                    select(table.c.seq).where(table.c.id == identity)
                ).scalar_one_or_none()
                remove_summaries(connection, seq)
                for part in (schema.run_cases, schema.run_scores):
                    connection.execute(delete(part).where(part.c.run == seq))
                verdicts = schema.verdicts
                connection.execute(delete(verdicts).where(verdicts.c.run == identity))
                connection.execute(delete(table).where(table.c.seq == seq))

    def numbered(self, digest: str, benchmark: str, fingerprint: str) -> list[tuple[int, str]]:
        """Number and start of every complete run of these bytes, the oldest first."""
        table = schema.runs
        mine = (table.c.benchmark == benchmark) & (table.c.fingerprint == fingerprint)
        mine &= (table.c.digest == digest) & table.c.complete
        asked = select(table.c.seq, table.c.started).where(mine).order_by(table.c.seq)
        with self._database.read() as connection:
            return [(row.seq, row.started) for row in connection.execute(asked)]

    def newest(self, adapter: str, benchmark: str) -> Run | None:
        """The last complete run of an adapter on a benchmark."""
        table = schema.runs
        same = (table.c.adapter == adapter) & (table.c.benchmark == benchmark)
        return self._one(same & table.c.complete)

    def key(self, identity: str) -> str | None:
        """The content key of a run."""
        with self._database.read() as connection:
            table = schema.runs
            return connection.execute(
                select(table.c.key).where(table.c.id == identity)
            ).scalar_one_or_none()

    def keep(self, run: Run, key: str) -> Run:
        """Store a run; of two equal ones the first stays, and is what comes back."""
        with self._database.write() as connection:
            if insert_new(connection, schema.runs, [_head(run, key)]):
                table = schema.runs
                seq = connection.execute(select(table.c.seq).where(table.c.key == key)).scalar_one()
                insert_new(connection, schema.run_cases, _cases(run.results, seq))
                insert_new(connection, schema.run_scores, _scores(run.results, seq))
                keep_summaries(connection, run, seq)
        kept = self.by_key(key)
        if kept is None:
            raise StoreFailed(f"the store has another run of the name {run.id}, try again")
        return kept

    def changed(self, some: Sequence[str] | None = None) -> list[str]:
        """Ids of runs whose rows are not what was recorded: head, cases, scores or means."""
        table, scores = schema.runs, schema.run_scores
        found = []
        for identity in self.ids() if some is None else some:
            try:
                run = self.by_id(identity)
            except RowUnreadable:
                found.append(identity)
                continue
            if run is None:
                continue  # it was pruned, nobody changed it
            with self._database.read() as connection:
                head = connection.execute(
                    select(table.c.seq, table.c.digest, table.c.seal).where(table.c.id == identity)
                ).one()
                rows = connection.execute(select(scores).where(scores.c.run == head.seq)).all()
                summed = summaries_hold(connection, run, head.seq)
            beside = {(row.case_id, row.metric): row.value for row in rows}
            inside = {(r.case.id, m): v for r in run.results for m, v in r.scores.items()}
            digest = run.digests.get("adapter", "")
            sealed = head.seal == seal(run) and head.digest == digest
            if not (sealed and summed and beside == inside):
                found.append(identity)
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
            )
            return _run(head, list(bodies.scalars()))


def seal(run: Run) -> str:
    """The address of a run's whole content; a row changed by hand no longer fits it."""
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


def _cases(results: Sequence[CaseResult], seq: int) -> list[dict[str, Any]]:
    return [
        {"run": seq, "position": place, "case_id": result.case.id, "body": encode(result)}
        for place, result in enumerate(results)
    ]


def _scores(results: Sequence[CaseResult], seq: int) -> list[dict[str, Any]]:
    return [
        {"run": seq, "case_id": result.case.id, "metric": metric, "value": value}
        for result in results
        for metric, value in result.scores.items()
    ]


def _run(head: Row[Any], bodies: list[str]) -> Run:
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
