"""The test of a metric on the cases: not worse than the reference, or dropped.

Tested in tests/judge/rule2/test_score_test.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.judge.intervals import (
    NOTHING,
    Spread,
    cases_needed,
    certifiable_margin,
    is_binary,
    quantile,
)
from harness.judge.metric_pair import TOLERANCE, MetricPair, metric_pair, sampling
from harness.judge.metric_test import (
    CONTINUOUS,
    MetricAnswer,
    Way,
    few_changes,
    shown,
    two_values,
)
from harness.judge.paired import Codes, Paired
from harness.judge.rule2.drops import could_drop, least_p
from harness.judge.rule2.levels import Levels
from harness.judge.rule2.units import Units, units_of
from harness.records import MetricRule, Policy, Sampling


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTest:
    """The result for a metric against a reference."""

    rule: MetricRule
    """With the margin that was used."""
    against: str
    way: Way
    pair: MetricPair
    units: Units
    answer: MetricAnswer
    dropped: bool = False
    """A drop is proven, and large enough to reject."""
    could_drop: bool = False
    """A candidate with the same or higher scores could be rejected for a drop."""
    sampling: Sampling | None = None

    @property
    def not_worse(self) -> bool:
        """Whether it is shown to be within the margin."""
        lower, margin = self.answer.lower, self.rule.margin
        return lower is not None and margin is not None and shown(lower, margin)

    @property
    def better(self) -> bool:
        """Whether it is shown to be above the reference at all."""
        return self.answer.lower is not None and shown(self.answer.lower, 0.0)


def score_test(
    paired: Paired,
    rule: MetricRule,
    against: str,
    policy: Policy,
    levels: Levels,
    strata: Codes,
    identical: bool = False,
    bare: bool = False,
) -> ScoreTest:
    """Test a metric; `identical` says that no score and no text moved.

    `bare`: a gate has no margin that could be used, so that any proven drop rejects.
    """
    pair = metric_pair(paired, rule.name, against)
    units = units_of(paired, pair, strata)
    way = _way(pair, units, rule.name, policy, identical)
    answer = _answer(way, pair, units, rule.margin, policy, levels.alpha)
    drawn = sampling(pair, rule.margin, policy, levels.alpha) if way == "t" else None
    test = ScoreTest(rule, against, way, pair, units, answer, sampling=drawn)
    if rule.margin is None or way in ("none", "identical"):
        return test
    if rule.role == "guard":
        return _guarded(test, rule.margin, levels)
    return _bare(test, levels) if bare else _gated(test, rule.margin, levels)


def _bare(test: ScoreTest, levels: Levels) -> ScoreTest:
    """Reject any proven drop."""
    p = test.answer.p_drop
    proven = p is not None and p <= levels.drop
    could = proven or least_p(test.units.d, 0.0) <= levels.drop
    return replace(test, dropped=proven, could_drop=could)


def _gated(test: ScoreTest, margin: float, levels: Levels) -> ScoreTest:
    """Reject a proven drop beyond half of the margin, where not-worse is not shown."""
    p, d = test.answer.p_drop, test.units.d
    proven = p is not None and p <= levels.drop
    dropped = proven and test.units.mean < -margin / 2 and not test.not_worse
    could = could_drop(d, margin, levels.drop, levels.alpha, test.units.within().df)
    if test.way != "t":  # exact counts, whose bounds are not those of `could_drop`
        could = test.units.mean < -margin / 2 and (proven or least_p(d, -margin / 2) <= levels.drop)
    return replace(test, dropped=dropped, could_drop=could)


def _guarded(test: ScoreTest, margin: float, levels: Levels) -> ScoreTest:
    """Reject a proven drop of a guard whose mean is below its margin."""
    p, low = test.answer.p_drop, test.units.mean < -margin
    proven = p is not None and p <= levels.guard
    could = low and (proven or least_p(test.units.d, -margin) <= levels.guard)
    return replace(test, dropped=proven and low, could_drop=could)


def _way(pair: MetricPair, units: Units, metric: str, policy: Policy, identical: bool) -> Way:
    if units.n < policy.min_cases:
        return "none"
    binary = is_binary(pair.now, pair.before)
    if not pair.rose and not pair.fell:
        # Equal scores of a yes-or-no metric do not show equal outputs: the next cases may fall.
        return "binary" if binary and not identical and metric not in CONTINUOUS else "identical"
    if binary:
        return "binary"
    moved = int((np.abs(units.d) > TOLERANCE).sum())
    return "counts" if moved < policy.min_differences else "t"


def _answer(
    way: Way, pair: MetricPair, units: Units, margin: float | None, policy: Policy, alpha: float
) -> MetricAnswer:
    if way == "none":
        return MetricAnswer()
    if way == "identical":
        return MetricAnswer(interval=(0.0, 0.0), lower=0.0, p_drop=1.0, risk=0.0)
    if way == "binary":
        return two_values(pair, margin, policy, alpha)
    found = students_t(units, margin, policy, alpha)
    if way == "t":
        return found
    # Few cases changed: how many more could fall as far as the worst did bounds the drop too.
    assert found.lower is not None
    lower = min(found.lower, few_changes(pair, alpha).lower or 0.0)
    return MetricAnswer(lower=lower, p_drop=found.p_drop)


def students_t(units: Units, margin: float | None, policy: Policy, alpha: float) -> MetricAnswer:
    """Answer by Student's t: not-worse by the scatter within strata, a drop by the whole."""
    within = units.within()
    half = quantile(1 - alpha / 2, within.df) * within.se
    return MetricAnswer(
        interval=(max(-1.0, within.mean - half), min(1.0, within.mean + half)),
        lower=within.lower(alpha),
        p_drop=units.whole().p_drop,
        risk=None if margin is None else within.below(-margin),
        certifiable=certifiable_margin(within, alpha, policy),
        needed=_needed(within, margin, alpha, policy),
    )


def _needed(within: Spread, margin: float | None, alpha: float, policy: Policy) -> int | None:
    if margin is None or margin <= NOTHING:
        return None
    return cases_needed(within, margin, alpha, policy)
