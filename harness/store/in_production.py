"""The rules that derive production, pins and rejections from decisions; they stand only here.

All functions take decisions as the ledger returns them, the oldest first, and read no table.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.records import Decision

_PUTS = ("promote", "rollback")
"""Kinds that put an adapter into production."""
_SPEAKS = (*_PUTS, "reject")
"""Kinds that speak for or against an adapter."""


def puts_in_production(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that put an adapter into production."""
    return [d for d in decisions if d.kind in _PUTS]


def in_production(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return, by task, the decision that put the present adapter into production."""
    # Later decisions overwrite earlier ones of the same task, so the last one stays.
    return {d.task: d for d in puts_in_production(decisions)}


def pinned(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return each task's fixed reference: where a person moved it, else the first ever promoted."""
    first: dict[str, Decision] = {}
    moved: dict[str, Decision] = {}
    for decision in decisions:
        if decision.kind == "promote":
            first.setdefault(decision.task, decision)
        elif decision.kind == "pin":
            moved[decision.task] = decision
    return first | moved


def not_taken_back(mine: Iterable[Decision]) -> list[Decision]:
    """Return a task's promotions that stand: a rollback revokes all since its target."""
    standing: list[Decision] = []
    for decision in puts_in_production(mine):
        digests = [earlier.digest for earlier in standing]
        if decision.kind == "rollback" and decision.digest in digests:
            # An adapter may have been promoted several times: the newest of these is the target.
            last = len(digests) - 1 - digests[::-1].index(decision.digest)
            standing = standing[: last + 1]
        else:
            standing.append(decision)
    return standing


def speaks_of_adapter(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that speak for or against an adapter."""
    return [d for d in decisions if d.kind in _SPEAKS]


def rejected(decisions: Iterable[Decision], digest: str) -> Decision | None:
    """Return the rejection of these bytes if no later decision speaks of them, else None."""
    said = [d for d in speaks_of_adapter(decisions) if d.digest == digest]
    return said[-1] if said and said[-1].kind == "reject" else None


def last_word(mine: Iterable[Decision]) -> Decision | None:
    """Return a task's last decision that may change a gate's result, a pin included."""
    said = [d for d in mine if d.kind in (*_SPEAKS, "pin")]
    return said[-1] if said else None
