"""Decisions: append-only; what is promoted and pinned now follows from them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, select

from harness.records import Decision
from harness.store import schema
from harness.store.database import Database
from harness.store.insertion import insert_new
from harness.store.keys import key_of


class Decisions:
    """In the store's own order, not by clocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision) -> None:
        """Append; the very same decision is kept once."""
        row = _row(decision)
        with self._database.write() as connection:
            insert_new(connection, schema.decisions, [row])

    def all(self, task: str | None = None) -> list[Decision]:
        """Every decision, the oldest first."""
        table = schema.decisions
        statement = select(table).order_by(table.c.seq)
        if task is not None:
            statement = statement.where(table.c.task == task)
        with self._database.read() as connection:
            return [_decision(row) for row in connection.execute(statement)]

    def promoted(self, task: str) -> Decision | None:
        """What put the adapter in production that is there now."""
        found = [d for d in self.all(task) if d.kind in ("promote", "rollback")]
        return found[-1] if found else None

    def pinned(self, task: str) -> Decision | None:
        """The fixed reference: where a person moved it, else the first ever promoted."""
        mine = self.all(task)
        moved = [d for d in mine if d.kind == "pin"]
        first = [d for d in mine if d.kind == "promote"]
        return moved[-1] if moved else (first[0] if first else None)

    def accepted(self, run: str) -> dict[str, str]:
        """Broken cases of a run that a person looked at: case to who and why."""
        found = [d for d in self.all() if d.kind == "accept" and d.verdict == run and d.case]
        return {str(d.case): f"{d.by}: {d.why}" for d in found}


def _row(decision: Decision) -> dict[str, Any]:
    row = asdict(replace(decision, seq=0))
    del row["seq"]
    row["case_id"] = row.pop("case")
    return {"id": key_of("decision", **row), **row}


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        kind=row.kind,
        task=row.task,
        adapter=row.adapter,
        digest=row.digest,
        by=row.by,
        why=row.why,
        at=row.at,
        verdict=row.verdict,
        case=row.case_id,
        seq=row.seq,
    )
