"""Remove old runs, except the runs that a decision refers to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from harness.store import Store
from harness.store.seals import runs_of_decision, runs_under


@dataclass(frozen=True, slots=True)
class Pruned:
    """The runs that were removed, or would be."""

    runs: tuple[str, ...]
    kept: int


def prune(store: Store, keep: int, dry_run: bool = False) -> Pruned:
    """Keep the newest `keep` runs of each adapter on each benchmark, and what the ledger needs."""
    with store.decisions.held():  # a decision in between could come to need a run just removed
        staying = needed(store)
        newest: dict[tuple[str, str], list[str]] = defaultdict(list)
        for identity, adapter, benchmark in store.runs.heads():
            newest[adapter, benchmark].append(identity)
        # the heads come oldest first; a `keep` of 0 must not turn into the slice [:-0]
        old = [run for mine in newest.values() for run in mine[: max(0, len(mine) - keep)]]
        staying |= set(store.runs.ids()) - set(old)
        staying |= compared(store, staying)
        going = tuple(identity for identity in old if identity not in staying)
        if not dry_run:
            store.runs.remove(going)
        return Pruned(going, len(store.runs.ids()) - (len(going) if dry_run else 0))


def needed(store: Store) -> set[str]:
    """Return the runs of every verdict that a decision rests on, with its guards' runs."""
    return set[str]().union(*(runs_of_decision(store, one) for one in store.decisions.all()))


def compared(store: Store, staying: set[str]) -> set[str]:
    """Return the runs that the verdicts on `staying` need to be judged again."""
    kept = [one.verdict for one in store.verdicts.all() if one.run in staying]
    return set[str]().union(*map(runs_under, kept))
