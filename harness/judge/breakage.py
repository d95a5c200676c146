"""Cases that were right and are now wrong: which broke, and how many may.

A changed text counts as broken only where the likelihood of the ideal fell with it, if known.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

from harness.judge.intervals import upper_share
from harness.judge.metric_pair import TOLERANCE, upwards
from harness.judge.paired import Flags, Floats, Paired
from harness.records import MetricRule, Policy

TEXT = "edit_similarity"
WITNESS = "ideal_likelihood"


@dataclass(frozen=True, slots=True, eq=False)
class Breakage:
    """Which cases broke, were fixed, or changed in wording only; all flags by case."""

    metric: str
    """What tells it: edit similarity, or the first gate where there is none."""
    broken: Flags
    fixed: Flags
    reworded: Flags
    unknown: Flags
    """Cases without a score on one side: nothing can be said about them."""

    @property
    def n(self) -> int:
        """Cases about which something can be said."""
        return int((~self.unknown).sum())

    @property
    def k(self) -> int:
        """How many broke."""
        return int(self.broken.sum())


def breakage(paired: Paired, rules: tuple[MetricRule, ...], policy: Policy) -> Breakage:
    """Compare every case with the first reference."""
    metric = text_metric(paired, rules)
    now = upwards(paired.side(metric), metric)
    before = upwards(paired.side(metric, paired.against), metric)
    fell, rose = _crossed(before, now, policy), _crossed(now, before, policy)
    rise = _witness_rise(paired, metric)
    drop = policy.broken_likelihood_drop - TOLERANCE
    # Without a witness on both sides the text alone decides.
    confirmed_fall, confirmed_rise = ~(rise > -drop), ~(rise < drop)
    return Breakage(
        metric=metric,
        broken=fell & confirmed_fall,
        fixed=rose & confirmed_rise,
        reworded=fell & ~confirmed_fall,
        unknown=np.isnan(now) | np.isnan(before),
    )


def text_metric(paired: Paired, rules: tuple[MetricRule, ...]) -> str:
    """Edit similarity where there is one; else the first gate, so that breakage is never blind."""
    if paired.has(TEXT, paired.against):
        return TEXT
    gates = [rule.name for rule in rules if rule.role == "gate"]
    return gates[0] if gates else TEXT


def most_broken(n: int, policy: Policy) -> int:
    """The smallest count that rejects: too many for a break rate that chance explains."""
    return bisect_left(
        range(n + 1), True, key=lambda k: _chance_of(k, n, policy) <= policy.break_alpha
    )


def coverable(n: int, alpha: float, policy: Policy) -> int:
    """The largest count that promotion bears, never below 0."""
    too_many = bisect_left(
        range(n + 1), True, key=lambda k: upper_share(k, n, alpha) > policy.break_cover
    )
    return max(0, too_many - 1)


def _chance_of(k: int, n: int, policy: Policy) -> float:
    return float(bdtrc(k - 1, n, policy.break_rate)) if k else 1.0


def _crossed(before: Floats, now: Floats, policy: Policy) -> Flags:
    """Right before, wrong now, and by enough; a missing score crosses nothing."""
    right = before >= policy.broken_from - TOLERANCE
    wrong = now < policy.broken_below - TOLERANCE
    crossed: Flags = right & wrong & (before - now >= policy.broken_drop - TOLERANCE)
    return crossed


def _witness_rise(paired: Paired, metric: str) -> Floats:
    if metric == WITNESS:
        return np.full(paired.n, np.nan)
    return paired.side(WITNESS) - paired.side(WITNESS, paired.against)
