"""The evidence for and against a candidate, computed once and before the decision.

`decide` reads it, and the sentences and the record are made from the same object.

Tests: tests/judge/test_verdict.py and test_multiplicity.py.

Tested in tests/judge/test_verdict.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.judge.breakage import Breakage, breakage, coverable, most_broken
from harness.judge.intervals import holm, upper_share
from harness.judge.metric_pair import TOLERANCE
from harness.judge.metric_test import MetricTest, metric_test
from harness.judge.paired import Flags, Paired
from harness.judge.policy import Rules
from harness.judge.rule1.slices import SliceLosses, slice_losses
from harness.records import Policy


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All tests of a candidate, with the scores and the policy that they rest on."""

    paired: Paired
    policy: Policy
    alpha: float
    identical: bool
    tests: tuple[MetricTest, ...]
    """Tests of all metrics against the first reference."""
    pinned: tuple[MetricTest, ...]
    """Tests of the gates against the pinned adapter, where that is another one."""
    adjusted: Mapping[str, float]
    """Holm-adjusted p by metric, over gates and guards."""
    breakage: Breakage
    slices: SliceLosses | None
    """Losses on the first gate; None where no metric is a gate."""
    accepted: frozenset[str]
    """Broken cases that a person accepted."""

    @property
    def gates(self) -> tuple[MetricTest, ...]:
        """Gates against every reference: promotion needs them all."""
        every = (*self.tests, *self.pinned)
        return tuple(test for test in every if test.rule.role == "gate")

    @property
    def judged(self) -> bool:
        """Whether there are enough cases to generalise beyond them."""
        return self.paired.n >= self.policy.min_cases

    @property
    def dropped(self) -> tuple[MetricTest, ...]:
        """Metrics whose drop is proven, corrected for the number of metrics."""
        limit = self.policy.holm_alpha
        return tuple(
            test
            for test in self.tests
            if test.may_reject and self.adjusted[test.rule.name] <= limit
        )

    @property
    def superior(self) -> bool:
        """Whether the candidate is better than the first reference on every gate."""
        gates = [test for test in self.tests if test.rule.role == "gate"]
        return bool(gates) and all(test.better for test in gates)

    @property
    def broken(self) -> tuple[str, ...]:
        """Ids of the broken cases."""
        return self.named(self.breakage.broken)

    @property
    def critical_broken(self) -> tuple[str, ...]:
        """Ids of the critical cases among the broken."""
        return self.named(self.breakage.broken & self.paired.critical)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Ids of the broken cases that no person accepted."""
        return tuple(case for case in self.broken if case not in self.accepted)

    @property
    def too_many(self) -> int:
        """Number of broken cases that rejects."""
        return most_broken(self.breakage.n, self.policy)

    @property
    def covered(self) -> int:
        """Number of broken cases that still allows promotion."""
        return coverable(self.breakage.n, self.alpha, self.policy)

    @property
    def breaks_covered(self) -> bool:
        """Whether the broken cases are few enough, or outweighed by a better candidate's fixes."""
        if len(self.uncovered) <= self.covered:
            return True
        return self.superior and self.breakage.k <= int(self.breakage.fixed.sum())

    @property
    def break_bound(self) -> float | None:
        """Upper bound of the share of inputs that break in production."""
        if not self.breakage.n:
            return None
        return upper_share(self.breakage.k, self.breakage.n, self.alpha)

    def named(self, flags: Flags) -> tuple[str, ...]:
        """Return the ids of the flagged cases."""
        return tuple(self.paired.cases[i] for i in np.flatnonzero(flags))


def gather(
    paired: Paired,
    rules: Rules,
    pinned_rules: Rules,
    policy: Policy,
    alpha: float,
    accepted: frozenset[str],
) -> Evidence:
    """Test every metric, case and slice."""
    identical = _identical(paired)
    first = paired.against
    family = sum(rule.role != "report" for rule in rules)
    tests = tuple(
        metric_test(paired, rule, first, policy, alpha, identical, family) for rule in rules
    )
    against_pinned = tuple(
        metric_test(paired, rule, "pinned", policy, alpha, False, family)
        for rule in pinned_rules
        if rule.role == "gate" and first != "pinned" and "pinned" in paired.references
    )
    broke = breakage(paired, rules, policy)
    gate = next((rule.name for rule in rules if rule.role == "gate"), None)
    # A metric without a p-value stays in the family as 1, so that the correction does not shrink.
    judged = [test for test in tests if test.rule.role != "report"]
    adjusted = holm([1.0 if t.answer.p_drop is None else t.answer.p_drop for t in judged])
    return Evidence(
        paired=paired,
        policy=policy,
        alpha=alpha,
        identical=identical,
        tests=tests,
        pinned=against_pinned,
        adjusted={test.rule.name: p for test, p in zip(judged, adjusted, strict=True)},
        breakage=broke,
        slices=None if gate is None else slice_losses(paired, gate, policy),
        accepted=accepted & {paired.cases[i] for i in np.flatnonzero(broke.broken)},
    )


def _identical(paired: Paired) -> bool:
    """Tell whether all scores, and all texts where known, equal the first reference's."""
    before = paired.references.get(paired.against)
    if before is None or not paired.n or paired.same_texts is False:
        return False
    return np.allclose(paired.candidate, before, rtol=0.0, atol=TOLERANCE, equal_nan=True)
