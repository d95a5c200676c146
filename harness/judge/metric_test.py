"""Where one metric stands against one reference: by t, by exact counts, or not at all.

The way is chosen from the data: binary scores never take t, and neither do few changes.
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
from harness.judge.metric_pair import TOLERANCE, MetricPair, sampling, sides_of
from harness.judge.paired import Codes, Floats, Paired
from harness.judge.sign_flips import own_share
from harness.records import MetricRule, Policy, Sampling


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """What one way of judging says; None is what that way cannot say."""

    interval: tuple[float, float] | None = None
    """Two-sided 1 - alpha, better upwards."""
    lower: float | None = None
    """One-sided 1 - alpha: not-worse is shown with this."""
    p_drop: float | None = None
    risk: float | None = None
    """That the true drop is beyond the margin."""
    certifiable: float | None = None
    needed: int | None = None
    """Cases for the margin asked."""


def students_t(
    sides: MetricPair, margin: float | None, policy: Policy, alpha: float
) -> MetricAnswer:
    """Interval, bound and evidence, clustered where cases are grouped."""
    s = spread(sides.d, sides.groups)
    half = quantile(1 - alpha / 2, s.df) * s.se
    return MetricAnswer(
        interval=(max(-1.0, s.mean - half), min(1.0, s.mean + half)),
        lower=s.lower(alpha),
        p_drop=s.p_drop,
        risk=None if margin is None else s.below(-margin),
        certifiable=certifiable_margin(s, alpha, policy),
        needed=None if margin is None else cases_needed(s, margin, alpha, policy),
    )


STEPS = 200


def shown(lower: float, margin: float) -> bool:
    """Not worse: even the lower bound of the difference is inside the margin."""
    return lower > -margin + TOLERANCE


def best_lower_if_worse(d: Floats, groups: Codes | None, alpha: float) -> float:
    """The highest lower bound that any worse candidate could reach.

    One case far above the others widens the interval, so lowering that case can narrow it and
    lift the bound. A drop rejects only where not-worse could not be shown for any worse
    candidate either; otherwise doing worse would turn reject into promote.

    The bound is concave in the differences, and its maximum over everything below caps the
    highest of them at mean + se-weighted slack; lowering the cap step by step converges there.
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


def two_values(
    sides: MetricPair, margin: float | None, policy: Policy, alpha: float
) -> MetricAnswer:
    """Scores of 0 and 1: exact McNemar for the drop, Clopper-Pearson for the bounds."""
    sums, _ = sides.units()
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


def few_changes(sides: MetricPair, alpha: float) -> MetricAnswer:
    """Too few changes for an interval: bound how many fall, and let all fall as far as the worst.

    Rises are not counted in favour. The bound by t must agree, so that a single change cannot look
    surer than several.
    """
    sums, sizes = sides.units()
    fell = int((sums < -TOLERANCE).sum())
    deepest = float(np.max(-sums, initial=0.0)) * len(sums) / float(sizes.sum())
    worst = -upper_share(fell, len(sums), alpha) * deepest if fell else 0.0
    return MetricAnswer(lower=min(worst, spread(sides.d, sides.groups).lower(alpha)))


Way = Literal["t", "binary", "counts", "identical", "none"]

CONTINUOUS = ("edit_similarity", "embedding_similarity", "ideal_likelihood", "edit_rate")
"""Never binary by nature: where none of these moved, nothing moved."""


@dataclass(frozen=True, slots=True)
class MetricTest:
    """One metric against one reference, before anything is decided over all of them."""

    rule: MetricRule
    against: str
    way: Way
    sides: MetricPair
    answer: MetricAnswer
    may_reject: bool = False
    """Not-worse is not shown, and would not be for any worse candidate either."""
    may_not_promote: bool = False
    """A guard fell in so many cases that only its spread keeps the fall from being proven."""
    sampling: Sampling | None = None
    """Whether more samples would help, where several were drawn."""

    @property
    def not_worse(self) -> bool:
        """Shown to be within the margin."""
        lower, margin = self.answer.lower, self.rule.margin
        return lower is not None and margin is not None and shown(lower, margin)

    @property
    def better(self) -> bool:
        """Shown to be above the reference at all."""
        return self.answer.lower is not None and shown(self.answer.lower, 0.0)


def standing(
    paired: Paired,
    rule: MetricRule,
    against: str,
    policy: Policy,
    alpha: float,
    identical: bool,
    family: int,
) -> MetricTest:
    """Judge one metric out of a `family`; `identical` says that nothing moved on any of them."""
    sides = sides_of(paired, rule.name, against)
    way = _way(sides, rule.name, policy, identical)
    drawn = sampling(sides, rule.margin, policy, alpha) if way == "t" else None
    answer = _answer(way, sides, rule, policy, alpha)
    seen = MetricTest(rule, against, way, sides, answer, sampling=drawn)
    if rule.margin is None or way in ("none", "identical") or seen.not_worse:
        return seen
    fell = rule.role == "guard" and _fell_consistently(sides, policy, family)
    proven = seen.answer.p_drop is not None and seen.answer.p_drop <= policy.holm_alpha
    rejects = (
        proven
        and (fell or rule.role == "gate")
        and not shown(best_lower_if_worse(sides.d, sides.groups, alpha), rule.margin)
    )
    return replace(seen, may_reject=rejects, may_not_promote=fell)


def _way(sides: MetricPair, metric: str, policy: Policy, identical: bool) -> Way:
    sums, _ = sides.units()
    if len(sums) < policy.min_cases:
        return "none"
    binary = is_binary(sides.now, sides.before)
    if not sides.rose and not sides.fell:
        # Ties of a yes-or-no metric are not sameness: the next cases may fall.
        return "binary" if binary and not identical and metric not in CONTINUOUS else "identical"
    if binary:
        return "binary"
    moved = int((np.abs(sums) > TOLERANCE).sum())
    return "counts" if moved < policy.min_differences else "t"


def _answer(
    way: Way, sides: MetricPair, rule: MetricRule, policy: Policy, alpha: float
) -> MetricAnswer:
    if way == "none":
        return MetricAnswer()
    if way == "identical":
        return MetricAnswer(interval=(0.0, 0.0), lower=0.0, p_drop=1.0, risk=0.0)
    if way == "binary":
        return two_values(sides, rule.margin, policy, alpha)
    if way == "counts":
        return few_changes(sides, alpha)
    return students_t(sides, rule.margin, policy, alpha)


def _fell_consistently(sides: MetricPair, policy: Policy, family: int) -> bool:
    """Whether sign flips give such a fall at most at the level that rejects.

    One case far below the rest widens the interval and can hide a drop that was proven without
    it. Flips cannot be fooled this way: their share only shrinks when a score falls. So a guard
    rejects only where both agree, and where only flips speak, promotion waits.
    """
    sums, _ = sides.units()
    return bool(sums.sum() < 0) and own_share(sums, policy) <= policy.holm_alpha / family
