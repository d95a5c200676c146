"""Decisions: an append-only, hash-chained ledger; what is promoted and pinned follows from it.

Order is the store's own, not that of clocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select, text

from harness.errors import LedgerChanged, RequestError
from harness.records import Decision
from harness.store import schema
from harness.store.database import Database
from harness.store.in_production import in_production, last_word, pinned
from harness.store.keys import key_of

FIRST = ""
"""What stands in place of a hash before the first decision."""
_LEDGER_LOCK = 4712
_FIELDS = tuple(field.name for field in fields(Decision))


@dataclass(frozen=True, slots=True)
class CurrentDecisions:
    """What holds for one task at one moment."""

    promoted: Decision | None
    pinned: Decision | None
    newest: Decision | None = None
    """The last that could have spoken for or against an adapter, a rejection included."""

    @property
    def hashes(self) -> tuple[str, ...]:
        """Of the decisions that made it so."""
        return tuple(_hash(one) for one in (self.promoted, self.pinned, self.newest))


class Decisions:
    """One chain over all tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision, after: str | CurrentDecisions | None = None) -> Decision:
        """Append. With `after`, only if that still is what stands, or the hash of what promoted.

        The store's write lock is held from the reading to the writing, so of two people who
        act on the same state exactly one succeeds.
        """
        with self._database.write() as connection:
            _hold_ledger(connection)
            if after is not None:
                _refuse_moved(standing_of(_all(connection, decision.task)), after)
            last = _last(connection)
            linked = _linked(decision, _hash(last))
            seq = last.seq + 1 if last else 1
            connection.execute(insert(schema.decisions), [asdict(linked) | {"seq": seq}])
            return replace(linked, seq=seq)

    def carry_over(self, decision: Decision) -> bool:
        """Append a decision of an exported ledger as it is; False where it is here already."""
        with self._database.write() as connection:
            _hold_ledger(connection)
            table = schema.decisions
            known = select(table.c.seq).where(table.c.hash == decision.hash)
            if connection.execute(known).first() is not None:
                return False
            last = _last(connection)
            if decision.prev != _hash(last) or not is_whole(decision):
                raise RequestError(
                    f"decision {decision.seq} ({decision.kind} {decision.adapter}) does not follow"
                    " from this store's ledger, import it into a new store"
                )
            connection.execute(insert(table), [asdict(decision)])
            return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """One transaction in which nobody else decides."""
        with self._database.together(), self._database.write() as connection:
            _hold_ledger(connection)
            yield

    def all(self, task: str | None = None) -> list[Decision]:
        """Every decision, the oldest first; refused where a row was changed by hand."""
        with self._database.read() as connection:
            found = _all(connection, None)
        for wrong in broken_links(found):
            raise LedgerChanged(
                f"the ledger was changed by hand ({wrong}), see `lora-harness verify`"
            )
        return [d for d in found if task in (None, d.task)]

    def unchecked(self) -> list[Decision]:
        """Every row as it stands, for whoever looks for the broken one."""
        with self._database.read() as connection:
            return _all(connection, None)

    def promoted(self, task: str) -> Decision | None:
        """What put the adapter in production that is there now."""
        return self.standing(task).promoted

    def pinned(self, task: str) -> Decision | None:
        """The fixed reference: where a person moved it, else the first ever promoted."""
        return self.standing(task).pinned

    def standing(self, task: str) -> CurrentDecisions:
        """Both as they were at one moment."""
        return standing_of(self.all(task))

    def accepted(self, run: str) -> dict[str, str]:
        """Broken cases of a run that a person looked at: case to who and why."""
        found = [d for d in self.all() if d.kind == "accept" and d.verdict == run and d.case]
        return {str(d.case): f"{d.by}: {d.why}" for d in found}


@lru_cache(maxsize=65_536)
def is_whole(decision: Decision) -> bool:
    """Whether a decision still is what was hashed; asked again only where a row has changed."""
    try:
        return _linked(decision, decision.prev).hash == decision.hash
    except (TypeError, ValueError):  # SQLite keeps bytes or numbers where texts belong
        return False


def broken_links(decisions: list[Decision]) -> Iterator[str]:
    """Rows that were changed, removed or put in between, by name."""
    before, number = FIRST, 0
    for decision in decisions:
        number += 1
        name = f"decision {decision.seq}, {decision.kind} {decision.adapter}"
        if decision.seq != number or decision.prev != before:
            yield f"{name}: does not follow the one before it"
            number = decision.seq
        if not is_whole(decision):
            yield f"{name}: its content is not what was recorded"
        before = decision.hash


def _linked(decision: Decision, before: str) -> Decision:
    content = asdict(replace(decision, prev=before, hash="", seq=0))
    return replace(decision, prev=before, hash=key_of("decision", content=content))


def _hold_ledger(connection: Connection) -> None:
    """SQLite's immediate transaction holds everything; PostgreSQL is asked for one lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:it)"), {"it": _LEDGER_LOCK})


def _hash(decision: Any) -> str:
    """What follows on it names this."""
    return str(decision.hash) if decision else FIRST


def _refuse_moved(now: CurrentDecisions, after: str | CurrentDecisions) -> None:
    promoted, *_ = now.hashes
    if promoted != (after if isinstance(after, str) else after.hashes[0]):
        name = now.promoted.adapter if now.promoted else "nothing"
        raise RequestError(f"the baseline moved to {name} meanwhile: run the gate against it")
    if isinstance(after, str) or now.hashes == after.hashes:
        return
    if now.hashes[1] != after.hashes[1]:
        name = now.pinned.adapter if now.pinned else "nothing"
        raise RequestError(f"the pin moved to {name} meanwhile: run the gate against it")
    if now.newest is not None:
        said = f"{now.newest.by} decided meanwhile ({now.newest.kind} {now.newest.adapter})"
        raise RequestError(f"{said}: look at `lora-harness log`, then decide again")


def _last(connection: Connection) -> Any:
    table = schema.decisions
    newest = select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)
    return connection.execute(newest).first()


def _all(connection: Connection, task: str | None) -> list[Decision]:
    table = schema.decisions
    statement = select(*(table.c[name] for name in _FIELDS)).order_by(table.c.seq)
    if task is not None:
        statement = statement.where(table.c.task == task)
    return [Decision(*row) for row in connection.execute(statement)]


def standing_of(mine: list[Decision]) -> CurrentDecisions:
    """Return what holds by the decisions of one task."""
    held, fixed = in_production(mine).values(), pinned(mine).values()
    return CurrentDecisions(next(iter(held), None), next(iter(fixed), None), last_word(mine))
