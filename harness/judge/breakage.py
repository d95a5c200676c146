"""Broken cases: right before and wrong now, and how many of them are tolerable.

A changed text counts as broken only if the likelihood of the ideal, where known, fell with it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import upper_share
from harness.judge.metric_pair import TOLERANCE, upwards
from harness.judge.paired import Flags, Floats, Paired
from harness.libraries import special
from harness.records import MetricRule, Policy

TEXT = "edit_similarity"
WITNESS = "ideal_likelihood"


@dataclass(frozen=True, slots=True, eq=False)
class Breakage:
    """The cases that broke, were fixed, or changed in wording only, as flags by case."""

    metric: str
    """The deciding metric: edit similarity, or the first gate where that is missing."""
    broken: Flags
    fixed: Flags
    reworded: Flags
    unknown: Flags
    """Cases where the candidate or the reference has no score."""

    @property
    def n(self) -> int:
        """Number of cases with both scores."""
        return int((~self.unknown).sum())

    @property
    def k(self) -> int:
        """Number of broken cases."""
        return int(self.broken.sum())


def breakage(paired: Paired, rules: tuple[MetricRule, ...], policy: Policy) -> Breakage:
    """Compare every case with the first reference."""
    metric = TEXT
    if not paired.has(TEXT, paired.against):
        metric = next((rule.name for rule in rules if rule.role == "gate"), TEXT)
    now = upwards(paired.scores(metric), metric)
    before = upwards(paired.scores(metric, paired.against), metric)
    fell, rose = crossed(before, now, policy), crossed(now, before, policy)
    rise = np.full(paired.n, np.nan)
    if metric != WITNESS:
        rise = paired.scores(WITNESS) - paired.scores(WITNESS, paired.against)
    drop = policy.broken_likelihood_drop - TOLERANCE
    # Negated, since comparisons with NaN are false: without a likelihood the text alone decides.
    confirmed_fall, confirmed_rise = ~(rise > -drop), ~(rise < drop)
    return Breakage(
        metric=metric,
        broken=fell & confirmed_fall,
        fixed=rose & confirmed_rise,
        reworded=fell & ~confirmed_fall,
        unknown=np.isnan(now) | np.isnan(before),
    )


def most_broken(n: int, policy: Policy) -> int:
    """Return the smallest number of broken cases of n that rejects.

    It is the smallest k with P(Bin(n, break_rate) >= k) <= break_alpha.
    """

    def chance(k: int) -> float:
        return float(special.bdtrc(k - 1, n, policy.break_rate)) if k else 1.0

    # The chance falls as k grows, so the first k that is unlikely enough is found by bisection.
    return bisect_left(range(n + 1), True, key=lambda k: chance(k) <= policy.break_alpha)


def coverable(n: int, alpha: float, policy: Policy) -> int:
    """Return the largest number of broken cases of n that allows promotion, at least 0."""
    too_many = bisect_left(
        range(n + 1), True, key=lambda k: upper_share(k, n, alpha) > policy.break_cover
    )
    return max(0, too_many - 1)


def crossed(before: Floats, now: Floats, policy: Policy) -> Flags:
    """Flag cases that were right and are now wrong by enough; a missing score is never flagged."""
    right = before >= policy.broken_from - TOLERANCE
    wrong = now < policy.broken_below - TOLERANCE
    # A minimum drop, since a score may cross the threshold by a hair.
    crossed: Flags = right & wrong & (before - now >= policy.broken_drop - TOLERANCE)
    return crossed
