"""The test of a metric against a reference: by Student's t, by exact counts, or not at all.

The way is chosen from the data. Scores of 0 and 1 never take t, and neither do few changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.judge.intervals import (
    binary_cases_needed,
    cases_needed,
    certifiable_margin,
    is_binary,
    lower_difference,
    lower_share,
    mcnemar,
    quantile,
    spread,
    spread_of_units,
    unit_sums,
    upper_share,
)
from harness.judge.metric_pair import TOLERANCE, MetricPair, metric_pair, sampling
from harness.judge.paired import Codes, Floats, Paired
from harness.judge.sign_flips import own_share
from harness.records import MetricRule, Policy, Sampling

Way = Literal["t", "binary", "counts", "identical", "none"]

CONTINUOUS = ("edit_similarity", "embedding_similarity", "ideal_likelihood", "edit_rate")
"""Metrics that are not binary by nature: if no score of these moved, no output did."""
STEPS = 200
"""Most steps by which `best_lower_if_worse` lowers its cap; it converges in far fewer."""


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """The figures that a way of testing gives; None where it gives none."""

    interval: tuple[float, float] | None = None
    """Two-sided 1 - alpha, better upwards."""
    lower: float | None = None
    """One-sided 1 - alpha bound, by which not-worse is shown."""
    p_drop: float | None = None
    risk: float | None = None
    """Risk that the true drop is beyond the margin."""
    certifiable: float | None = None
    needed: int | None = None
    """Cases needed for the requested margin."""


@dataclass(frozen=True, slots=True)
class MetricTest:
    """The result for a metric against a reference, before anything is decided over all."""

    rule: MetricRule
    against: str
    way: Way
    pair: MetricPair
    answer: MetricAnswer
    may_reject: bool = False
    """Not-worse is not shown, and would not be shown for any worse candidate either."""
    may_not_promote: bool = False
    """A guard fell in so many cases that only its spread keeps the fall from being proven."""
    sampling: Sampling | None = None
    """Whether more samples would help, where several were drawn."""

    @property
    def not_worse(self) -> bool:
        """Whether it is shown to be within the margin."""
        lower, margin = self.answer.lower, self.rule.margin
        return lower is not None and margin is not None and shown(lower, margin)

    @property
    def better(self) -> bool:
        """Whether it is shown to be above the reference at all."""
        return self.answer.lower is not None and shown(self.answer.lower, 0.0)


def metric_test(
    paired: Paired,
    rule: MetricRule,
    against: str,
    policy: Policy,
    alpha: float,
    identical: bool,
    family: int,
) -> MetricTest:
    """Test a metric, out of a `family` of so many; `identical` says that no score moved."""
    pair = metric_pair(paired, rule.name, against)
    way = _way(pair, rule.name, policy, identical)
    drawn = sampling(pair, rule.margin, policy, alpha) if way == "t" else None
    answer = _answer(way, pair, rule, policy, alpha)
    test = MetricTest(rule, against, way, pair, answer, sampling=drawn)
    if rule.margin is None or way in ("none", "identical") or test.not_worse:
        return test
    # A gate that is not shown keeps from promoting anyway, so only a guard needs the second test.
    fell = rule.role == "guard" and _fell_consistently(pair, policy, family)
    proven = test.answer.p_drop is not None and test.answer.p_drop <= policy.holm_alpha
    rejects = (
        proven
        and (fell or rule.role == "gate")
        and not shown(best_lower_if_worse(pair.d, pair.groups, alpha), rule.margin)
    )
    return replace(test, may_reject=rejects, may_not_promote=fell)


def shown(lower: float, margin: float) -> bool:
    """Tell whether not-worse is shown: the lower bound of the difference is inside the margin."""
    return lower > -margin + TOLERANCE


def students_t(
    pair: MetricPair, margin: float | None, policy: Policy, alpha: float
) -> MetricAnswer:
    """Answer by Student's t, clustered where cases are grouped."""
    s = spread(pair.d, pair.groups)
    half = quantile(1 - alpha / 2, s.df) * s.se
    return MetricAnswer(
        interval=(max(-1.0, s.mean - half), min(1.0, s.mean + half)),
        lower=s.lower(alpha),
        p_drop=s.p_drop,
        risk=None if margin is None else s.below(-margin),
        certifiable=certifiable_margin(s, alpha, policy),
        needed=None if margin is None else cases_needed(s, margin, alpha, policy),
    )


def two_values(
    pair: MetricPair, margin: float | None, policy: Policy, alpha: float
) -> MetricAnswer:
    """Answer for scores of 0 and 1: exact McNemar for the drop, Clopper-Pearson for the bounds."""
    # A group of cases counts once, by the sign of its sum.
    sums, _ = pair.units()
    n, fell, rose = len(sums), int((sums < -TOLERANCE).sum()), int((sums > TOLERANCE).sum())
    half = alpha / 2
    return MetricAnswer(
        interval=(
            lower_difference(fell, rose, n, half),
            upper_share(rose, n, half) - lower_share(fell, n, half),
        ),
        lower=lower_difference(fell, rose, n, alpha),
        p_drop=mcnemar(fell, rose),
        certifiable=upper_share(0, n, alpha),
        needed=None if margin is None else binary_cases_needed(margin, alpha, policy),
    )


def few_changes(pair: MetricPair, alpha: float) -> MetricAnswer:
    """Answer for too few changes for t: bound how many units fall, each as far as the worst did.

    Rises are not counted in favour. The bound by t applies too, so that a single change cannot look
    more certain than several.
    """
    sums, sizes = pair.units()
    fell = int((sums < -TOLERANCE).sum())
    deepest = float(np.max(-sums, initial=0.0)) * len(sums) / float(sizes.sum())
    worst = -upper_share(fell, len(sums), alpha) * deepest if fell else 0.0
    return MetricAnswer(lower=min(worst, spread(pair.d, pair.groups).lower(alpha)))


def best_lower_if_worse(d: Floats, groups: Codes | None, alpha: float) -> float:
    """Return the highest lower bound that any candidate with lower scores could reach.

    A case far above the others widens the interval, so lowering that case can narrow it and raise
    the bound. A drop rejects only where not-worse could not be shown for any worse candidate
    either; otherwise doing worse would turn reject into promote.

    The bound is concave in the differences. Its maximum over all lower differences caps the highest
    of them at their mean plus a slack weighted by the standard error; lowering the cap step by step
    converges there.
    """
    sums, sizes = unit_sums(d, groups)
    n, units = float(sizes.sum()), len(sums)
    scale = quantile(1 - alpha, units - 1) * float(np.sqrt(units / (units - 1)))
    best = spread_of_units(sums, sizes).lower(alpha)
    for _ in range(STEPS):
        mean = float(sums.sum()) / n
        residuals = sums - sizes * mean
        slack = float(sizes @ residuals) / n + float(np.sqrt(residuals @ residuals)) / scale
        capped = np.minimum(sums, sizes * mean + slack)
        if np.max(sums - capped, initial=0.0) < TOLERANCE:
            break
        sums = capped
        best = max(best, spread_of_units(sums, sizes).lower(alpha))
    return best


def _way(pair: MetricPair, metric: str, policy: Policy, identical: bool) -> Way:
    sums, _ = pair.units()
    if len(sums) < policy.min_cases:
        return "none"
    binary = is_binary(pair.now, pair.before)
    if not pair.rose and not pair.fell:
        # Equal scores of a yes-or-no metric do not show equal outputs: the next cases may fall.
        return "binary" if binary and not identical and metric not in CONTINUOUS else "identical"
    if binary:
        return "binary"
    moved = int((np.abs(sums) > TOLERANCE).sum())
    return "counts" if moved < policy.min_differences else "t"


def _answer(
    way: Way, pair: MetricPair, rule: MetricRule, policy: Policy, alpha: float
) -> MetricAnswer:
    if way == "none":
        return MetricAnswer()
    if way == "identical":
        return MetricAnswer(interval=(0.0, 0.0), lower=0.0, p_drop=1.0, risk=0.0)
    if way == "binary":
        return two_values(pair, rule.margin, policy, alpha)
    if way == "counts":
        return few_changes(pair, alpha)
    return students_t(pair, rule.margin, policy, alpha)


def _fell_consistently(pair: MetricPair, policy: Policy, family: int) -> bool:
    """Tell whether sign flips give such a fall with at most the probability that rejects.

    A case far below the rest widens the interval and can hide a drop that was proven without it.
    The share of flips cannot be misled so: it only shrinks when a score falls. A guard therefore
    rejects only where both tests agree, and where only the flips find a fall, promotion waits.
    """
    sums, _ = pair.units()
    return bool(sums.sum() < 0) and own_share(sums, policy) <= policy.holm_alpha / family
