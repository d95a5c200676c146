"""Everything that speaks for or against a candidate, gathered before anybody decides.

One place computes it, `decide` reads it, and the words and the record come from the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.judge.breakage import Breakage, breakage, coverable, most_broken
from harness.judge.intervals import holm, upper_share
from harness.judge.metric_pair import TOLERANCE
from harness.judge.metric_test import MetricTest, standing
from harness.judge.paired import Flags, Paired
from harness.judge.policy import Rules
from harness.judge.slices import SliceLosses, slice_losses
from harness.records import Policy


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was found, by what it was found with."""

    paired: Paired
    policy: Policy
    alpha: float
    identical: bool
    standings: tuple[MetricTest, ...]
    """Against the first reference."""
    pinned: tuple[MetricTest, ...]
    """Against the pinned one, where it is another."""
    adjusted: Mapping[str, float]
    """Holm's p by metric, over gates and guards."""
    breakage: Breakage
    slices: SliceLosses | None
    """On the first gate; None where no metric is a gate."""
    accepted: frozenset[str]
    """Broken cases that a person accepted."""

    @property
    def gates(self) -> tuple[MetricTest, ...]:
        """Gates against every reference: promotion needs them all."""
        return tuple(s for s in (*self.standings, *self.pinned) if s.rule.role == "gate")

    @property
    def judged(self) -> bool:
        """Whether there are enough cases to say anything beyond them."""
        return self.paired.n >= self.policy.min_cases

    @property
    def dropped(self) -> tuple[MetricTest, ...]:
        """Metrics whose drop is proven, over all that were looked at."""
        limit = self.policy.holm_alpha
        return tuple(
            s for s in self.standings if s.may_reject and self.adjusted[s.rule.name] <= limit
        )

    @property
    def superior(self) -> bool:
        """Better than the first reference on every gate."""
        gates = [s for s in self.standings if s.rule.role == "gate"]
        return bool(gates) and all(s.better for s in gates)

    @property
    def broken(self) -> tuple[str, ...]:
        """Ids of the broken cases."""
        return self.named(self.breakage.broken)

    @property
    def critical_broken(self) -> tuple[str, ...]:
        """Ids of the critical ones among them."""
        return self.named(self.breakage.broken & self.paired.critical)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Broken cases that nobody accepted."""
        return tuple(case for case in self.broken if case not in self.accepted)

    @property
    def too_many(self) -> int:
        """The count of broken cases that rejects."""
        return most_broken(self.breakage.n, self.policy)

    @property
    def covered(self) -> int:
        """The count of broken cases that promotion bears."""
        return coverable(self.breakage.n, self.alpha, self.policy)

    @property
    def break_bound(self) -> float | None:
        """Upper bound of the share that breaks in production."""
        if not self.breakage.n:
            return None
        return upper_share(self.breakage.k, self.breakage.n, self.alpha)

    def named(self, flags: Flags) -> tuple[str, ...]:
        """Ids of the flagged cases."""
        return tuple(self.paired.cases[i] for i in np.flatnonzero(flags))


def gather(
    paired: Paired,
    rules: Rules,
    pinned_rules: Rules,
    policy: Policy,
    alpha: float,
    accepted: frozenset[str],
) -> Evidence:
    """Judge every metric, case and slice."""
    identical = unchanged(paired)
    first = paired.against
    family = sum(rule.role != "report" for rule in rules)
    standings = tuple(
        standing(paired, rule, first, policy, alpha, identical, family) for rule in rules
    )
    against_pinned = tuple(
        standing(paired, rule, "pinned", policy, alpha, False, family)
        for rule in pinned_rules
        if rule.role == "gate" and first != "pinned" and "pinned" in paired.references
    )
    broke = breakage(paired, rules, policy)
    gate = next((rule.name for rule in rules if rule.role == "gate"), None)
    return Evidence(
        paired=paired,
        policy=policy,
        alpha=alpha,
        identical=identical,
        standings=standings,
        pinned=against_pinned,
        adjusted=_adjusted(standings),
        breakage=broke,
        slices=None if gate is None else slice_losses(paired, gate, policy),
        accepted=accepted & {paired.cases[i] for i in np.flatnonzero(broke.broken)},
    )


def unchanged(paired: Paired) -> bool:
    """Every score, and every text where texts are known, is the first reference's."""
    before = paired.references.get(paired.against)
    if before is None or not paired.n or paired.same_texts is False:
        return False
    return np.allclose(paired.candidate, before, rtol=0.0, atol=TOLERANCE, equal_nan=True)


def _adjusted(standings: tuple[MetricTest, ...]) -> dict[str, float]:
    family = [s for s in standings if s.rule.role != "report"]
    p_values = [1.0 if s.answer.p_drop is None else s.answer.p_drop for s in family]
    return {s.rule.name: p for s, p in zip(family, holm(p_values), strict=True)}
