"""Retention: old runs go, but never one that a decision refers to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from harness.records import Verdict
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be."""

    runs: tuple[str, ...]
    kept: int


def prune(store: Store, keep: int, dry_run: bool = False) -> Pruned:
    """Keep the newest `keep` runs of each adapter on each benchmark, and what the ledger needs."""
    with store.decisions.held():  # nobody decides between the looking and the removing
        staying = needed(store)
        newest: dict[tuple[str, str], list[str]] = defaultdict(list)
        for identity, adapter, benchmark in store.runs.heads():
            newest[adapter, benchmark].append(identity)
        old = [one for mine in newest.values() for one in mine[: max(0, len(mine) - keep)]]
        going = tuple(identity for identity in old if identity not in staying)
        if not dry_run:
            store.runs.remove(going)
        return Pruned(going, len(store.runs.ids()) - (len(going) if dry_run else 0))


def needed(store: Store) -> set[str]:
    """Runs of every verdict that a decision rests on, its guards' runs included."""
    found: set[str] = set()
    for decision in store.decisions.all():
        if decision.kind == "accept" and decision.verdict:
            found.add(decision.verdict)
        verdict = store.verdicts.by_id(decision.verdict) if decision.verdict else None
        found |= _runs_of(verdict)
    return found


def _runs_of(verdict: Verdict | None) -> set[str]:
    if verdict is None:
        return set()
    mine = set(verdict.runs.values())
    return mine.union(*(_runs_of(guard) for guard in verdict.guards))
