"""The ledger of decisions: append-only, each row hashed over its content and the row before it.

Promotions and pins follow from it (`in_production.py`). Its order is that of its numbers, not that
of clocks, which differ between machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select, update

from harness.errors import LedgerChanged, RequestError
from harness.records import Decision
from harness.store import schema
from harness.store.database import LEDGER_LOCK, Database, lock
from harness.store.in_production import in_production, last_word, pinned
from harness.store.keys import key_of

FIRST = ""
"""The `prev` of the first decision, which has none before it."""
_FIELDS = tuple(field.name for field in fields(Decision))


@dataclass(frozen=True, slots=True)
class CurrentDecisions:
    """The decisions in force for a task at some moment, to be compared before the next."""

    promoted: Decision | None
    """The decision that put the present adapter into production."""
    pinned: Decision | None
    """The decision that chose the fixed reference."""
    newest: Decision | None = None
    """The last decision that may change a gate's result, a rejection included."""

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes of the three."""
        return tuple(_hash(each) for each in (self.promoted, self.pinned, self.newest))


class Decisions:
    """The ledger, a single chain over all tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.fault: Callable[[Decision], str | None] | None = None
        """Says why a decision is not signed as the project asks; None where it asks for nothing."""
        self.sign: Callable[[Decision], str] | None = None
        """Signs the decisions that are added."""

    def add(self, decision: Decision, after: str | CurrentDecisions | None = None) -> Decision:
        """Append a decision; with `after`, refuse it if the task's decisions moved on since then.

        `after` is the state that the person saw, or the hash of the promotion in it.
        """
        if self.fault is not None:
            self.all()  # nothing is added to a ledger that cannot be trusted
        with self._database.write() as connection:
            # Compare and swap: held from this reading to the writing, the lock lets exactly one of
            # two people succeed who act on the same state.
            lock(connection, LEDGER_LOCK)
            if after is not None:
                _refuse_moved(standing_of(_all(connection, decision.task)), after)
            last = _last(connection)
            linked = self._signed(_linked(decision, _hash(last)))
            seq = last.seq + 1 if last else 1
            connection.execute(insert(schema.decisions), [asdict(linked) | {"seq": seq}])
            return replace(linked, seq=seq)

    def _signed(self, decision: Decision) -> Decision:
        """Sign a decision that is about to be recorded; refuse it where that is not enough."""
        signed = replace(decision, signature=self.sign(decision)) if self.sign else decision
        if self.fault is not None and (wrong := self.fault(signed)):
            raise RequestError(
                f"the {decision.kind} of {decision.adapter} {wrong}: name the private key of one of"
                " the `keys` in [tool.harness.promotion], --key FILE"
            )
        return signed

    def add_signature(self, decision: Decision) -> None:
        """Store the signature of a decision that was recorded without it."""
        with self._database.write() as connection:
            _set_signature(connection, decision)

    def carry_over(self, decision: Decision) -> bool:
        """Append a decision of an exported ledger unchanged; return False if it is here already.

        Where it is here without a signature, it gets the exported one.
        """
        with self._database.write() as connection:
            lock(connection, LEDGER_LOCK)
            table = schema.decisions
            known = select(table.c.signature).where(table.c.hash == decision.hash)
            if (here := connection.execute(known).first()) is not None:
                if decision.signature and here.signature is None:
                    _set_signature(connection, decision)
                return False
            last = _last(connection)
            place = last.seq + 1 if last else 1
            follows = (decision.prev, decision.seq) == (_hash(last), place)
            if not follows or not is_whole(decision):
                raise RequestError(
                    f"decision {decision.seq} ({decision.kind} {decision.adapter}) does not follow"
                    " from this store's ledger, import it into a new store"
                )
            connection.execute(insert(table), [asdict(decision)])
            return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Open a transaction in which no other process can decide."""
        with self._database.together(), self._database.write() as connection:
            lock(connection, LEDGER_LOCK)
            yield

    def all(self, task: str | None = None) -> list[Decision]:
        """Return every decision, the oldest first; refuse a ledger that was changed by hand."""
        with self._database.read() as connection:
            # The chain is over all tasks, so all rows are checked even for a single task.
            found = _all(connection, None)
        for wrong in broken_links(found):
            raise LedgerChanged(
                f"the ledger was changed by hand ({wrong}), see `lora-harness verify`"
            )
        for unsigned in self.unsigned(found):
            raise LedgerChanged(f"the ledger cannot be trusted: {unsigned}")
        return [d for d in found if task in (None, d.task)]

    def unsigned(self, decisions: list[Decision]) -> Iterator[str]:
        """Yield a sentence for each decision that is not signed as the project asks."""
        if self.fault is None:
            return
        for one in decisions:
            if wrong := self.fault(one):
                yield f"decision {one.seq} ({one.kind} {one.adapter} by {one.by}) {wrong}"

    def unchecked(self) -> list[Decision]:
        """Return every row without checking the chain, to search for the broken row."""
        with self._database.read() as connection:
            return _all(connection, None)

    def promoted(self, task: str) -> Decision | None:
        """Return the decision that put the present adapter into production."""
        return self.standing(task).promoted

    def pinned(self, task: str) -> Decision | None:
        """Return the fixed reference: the last pin, else the first promotion."""
        return self.standing(task).pinned

    def standing(self, task: str) -> CurrentDecisions:
        """Return the decisions in force for a task, all from the same reading."""
        return standing_of(self.all(task))

    def accepted(self, run: str) -> dict[str, str]:
        """Return the broken cases of a run that a person accepted, each with who and why."""
        found = [d for d in self.all() if d.kind == "accept" and d.verdict == run and d.case]
        return {str(d.case): f"{d.by}: {d.why}" for d in found}


# Hashing a long ledger at each reading would be slow; a changed row is another cache key.
@lru_cache(maxsize=65_536)
def is_whole(decision: Decision) -> bool:
    """Return whether a decision still has the content that was hashed."""
    try:
        return _linked(decision, decision.prev).hash == decision.hash
    except (TypeError, ValueError):  # an edited row: SQLite takes bytes or numbers for text
        return False


def broken_links(decisions: list[Decision]) -> Iterator[str]:
    """Yield a sentence for each row that was changed, or where rows were removed or inserted."""
    before, number = FIRST, 0
    for decision in decisions:
        number += 1
        name = f"decision {decision.seq}, {decision.kind} {decision.adapter}"
        if decision.seq != number or decision.prev != before:
            yield f"{name}: does not follow the one before it"
            number = decision.seq  # report a gap once, not again for every later row
        if not is_whole(decision):
            yield f"{name}: its content is not what was recorded"
        before = decision.hash


def _linked(decision: Decision, before: str) -> Decision:
    """Return the decision with its hash, which covers the hash before it but not its number."""
    content = asdict(replace(decision, prev=before, hash="", seq=0))
    del content["signature"]  # it is made over the hash
    if decision.rests_on is None:  # hashes from before there was this field stay as they are
        del content["rests_on"]
    return replace(decision, prev=before, hash=key_of("decision", content=content))


def _hash(decision: Any) -> str:
    return str(decision.hash) if decision else FIRST


def _refuse_moved(now: CurrentDecisions, after: str | CurrentDecisions) -> None:
    """Refuse to decide on a state that has changed, and name what changed."""
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


def _set_signature(connection: Connection, decision: Decision) -> None:
    table = schema.decisions
    mine = table.c.hash == decision.hash
    connection.execute(update(table).where(mine).values(signature=decision.signature))


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
    """Return the decisions in force, given all decisions of a task."""
    promoted, reference = in_production(mine).values(), pinned(mine).values()
    return CurrentDecisions(
        next(iter(promoted), None), next(iter(reference), None), last_word(mine)
    )
