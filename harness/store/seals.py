"""Seals that hold with and without texts, and the seal of what a decision rests on.

A seal covers the digests of texts, so that a history may leave the texts out. It needs no key: it
shows that a record was changed without its seal, not that nobody wrote both anew.

Tested in tests/store/test_seals.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def seal_of_grounds(store: Store, decision: Decision) -> str | None:
    """Return the seal of the verdict and the runs that a decision rests on, None without any."""
    if decision.kind == "accept":  # there the field holds a run's id
        return _together(store, None, [decision.verdict or ""])
    kept = store.verdicts.kept(decision.verdict) if decision.verdict else None
    if kept is None:
        return None
    about = {"id": kept.id, "run": kept.run, "digest": kept.digest, "made": kept.made}
    return _together(store, seal_of(kept.verdict, **about), runs_under(kept.verdict))


def _together(store: Store, verdict: str | None, identities: Iterable[str]) -> str:
    runs = {}
    for identity in sorted(identities):
        run, key = store.runs.by_id(identity), store.runs.key(identity)
        runs[identity] = seal_of(run, key=key) if run is not None and key is not None else None
    return key_of("rests on", verdict=verdict, runs=runs)


def runs_under(verdict: Verdict) -> set[str]:
    """Return the ids of the runs that a verdict rests on, with those of its guards."""
    return set(verdict.runs.values()).union(*(runs_under(guard) for guard in verdict.guards))
