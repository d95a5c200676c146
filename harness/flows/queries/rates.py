"""A rate as every page shows it: with its interval, its n and the line that the team drew."""

from __future__ import annotations

from dataclasses import dataclass

from harness.alarm.wilson import wilson
from harness.records import Tally


@dataclass(frozen=True, slots=True)
class Rate:
    """A share or a mean of values in 0..1 over reviews."""

    value: float | None = None
    """None where nobody reviewed anything: missing is not zero."""
    low: float | None = None
    """Wilson's 95 % interval."""
    high: float | None = None
    n: int = 0
    """Reviews behind it."""
    synthetic: int = 0
    """How many reviews of the group nobody made."""


def edit_rate(tally: Tally | None) -> Rate:
    """The mean edit rate over the reviews with a final text."""
    if tally is None:
        return Rate()
    return rate(tally.edit_rate, tally.final_n, tally.synthetic)


def rejection_rate(tally: Tally | None) -> Rate:
    """The share that was thrown away."""
    if tally is None:
        return Rate()
    return rate(tally.rejection_rate, tally.n, tally.synthetic)


def rate(value: float | None, n: int, synthetic: int = 0) -> Rate:
    """With its interval; without a value only the n is known."""
    if value is None:
        return Rate(n=n, synthetic=synthetic)
    low, high = wilson(value, n)
    return Rate(value, low, high, n, synthetic)


def whole(tallies: list[Tally], key: str) -> Tally | None:
    """Several tallies as one."""
    if not tallies:
        return None
    return Tally(
        key=key,
        n=sum(t.n for t in tallies),
        accepted=sum(t.accepted for t in tallies),
        edited=sum(t.edited for t in tallies),
        rejected=sum(t.rejected for t in tallies),
        final_n=sum(t.final_n for t in tallies),
        edit_sum=sum(t.edit_sum for t in tallies),
        synthetic=sum(t.synthetic for t in tallies),
        first_seq=min(t.first_seq for t in tallies),
        last_seq=max(t.last_seq for t in tallies),
    )
