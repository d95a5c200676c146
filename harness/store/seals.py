"""Seals that hold with and without texts, and the seal of what a decision rests on.

A seal covers the digests of texts, so that a history may leave the texts out. It needs no key: it
shows that a record was changed without its seal, not that nobody wrote both anew.

Tested in tests/store/test_seals.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.records import Decision, Verdict
from harness.store.codec import encode
from harness.store.keys import key_of
from harness.text.left_out import sealed_form

if TYPE_CHECKING:
    from harness.store.store import Store


def seal_of(record: object, **beside: str) -> str:
    """Return the seal of a record and of what is stored beside it."""
    kind = type(record).__name__.lower()
    return key_of("sealed", kind=kind, record=encode(sealed_form(record)), **beside)


def row_seal(table: str, row: Mapping[str, Any]) -> str:
    """Return the seal of a row of results: an output, a likelihood, a vector or a proof."""
    cells = {name: v.hex() if isinstance(v, bytes) else v for name, v in row.items()}
    return key_of("sealed row", table=table, cells=cells)


# --- what decisions rest on -----------------------------------------------------------------


def runs_under(verdict: Verdict) -> set[str]:
    """Return the ids of the runs that a verdict rests on, with those of its guards."""
    return set(verdict.runs.values()).union(*(runs_under(guard) for guard in verdict.guards))


def runs_of_decision(store: Store, decision: Decision) -> set[str]:
    """Return the ids of the runs that a decision rests on."""
    if decision.kind == "accept":  # there the field holds a run's id
        return {decision.verdict} if decision.verdict else set()
    verdict = store.verdicts.by_id(decision.verdict) if decision.verdict else None
    return runs_under(verdict) if verdict else set()


def seal_of_grounds(store: Store, decision: Decision) -> str | None:
    """Return the seal of the verdict and the runs that a decision rests on, None without any."""
    runs: dict[str, str | None] = {}
    for identity in sorted(runs_of_decision(store, decision)):
        run = store.runs.by_id(identity)
        runs[identity] = None if run is None else seal_of(run)
    if not runs:
        return None
    verdict = None
    if decision.kind != "accept" and (kept := store.verdicts.kept(decision.verdict or "")):
        verdict = seal_of(kept.verdict, **kept.beside)
    return key_of("rests on", verdict=verdict, runs=runs)


def grounds_hold(store: Store, decision: Decision) -> bool:
    """Return whether what a decision rests on is as it was; older decisions name no seal."""
    if (
        decision.kind != "accept"
        and decision.verdict
        and store.verdicts.changed([decision.verdict])
    ):
        return False
    return decision.rests_on in (None, seal_of_grounds(store, decision))


def is_proven(store: Store, run: str) -> bool:
    """Return whether a run was made here, or came with a decision that rests on it.

    A history file can be written by anybody who can write to the project's folder. Without a
    decision nothing ties its runs to it, so they are made again before they decide anything.
    """
    if not store.runs.is_imported(run):
        return True
    return any(
        run in runs_of_decision(store, decision) and grounds_hold(store, decision)
        for decision in store.decisions.all()
    )
