"""What is in production, what is pinned, what was rejected: the one place that reads a kind so.

Functions of decisions alone, the oldest first, as the ledger returns them; no table is read here.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.records import Decision

_PUTS = ("promote", "rollback")
_SPEAKS = (*_PUTS, "reject")


def puts_in_production(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that put an adapter into production."""
    return [d for d in decisions if d.kind in _PUTS]


def in_production(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return, by task, the decision that put there what is in production now: the last such."""
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
    """Return one task's promotions that stand: a rollback takes back what came after its target."""
    standing: list[Decision] = []
    for decision in puts_in_production(mine):
        digests = [earlier.digest for earlier in standing]
        if decision.kind == "rollback" and decision.digest in digests:
            last = len(digests) - 1 - digests[::-1].index(decision.digest)
            standing = standing[: last + 1]
        else:
            standing.append(decision)
    return standing


def speaks_of_adapter(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that speak for or against an adapter."""
    return [d for d in decisions if d.kind in _SPEAKS]


def rejected(decisions: Iterable[Decision], digest: str) -> Decision | None:
    """Return the rejection of these bytes where it is the last word on them, else None."""
    said = [d for d in speaks_of_adapter(decisions) if d.digest == digest]
    return said[-1] if said and said[-1].kind == "reject" else None


def last_word(mine: Iterable[Decision]) -> Decision | None:
    """Return one task's last decision that may change what a gate compares, a pin included."""
    said = [d for d in mine if d.kind in (*_SPEAKS, "pin")]
    return said[-1] if said else None
