"""Where one metric stands against one reference: by t, by exact counts, or not at all.

The way is chosen from the data: binary scores never take t, and neither do few changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.judge.binary import is_binary
from harness.judge.by_counts import few_changes, two_values
from harness.judge.by_t import Answer, students_t
from harness.judge.metric_pair import TOLERANCE, Sides, sides_of
from harness.judge.not_worse import best_lower_if_worse, shown
from harness.judge.paired import Paired
from harness.judge.sampling import sampling
from harness.judge.sign_flips import own_share
from harness.records import MetricRule, Policy, Sampling

Way = Literal["t", "binary", "counts", "identical", "none"]

CONTINUOUS = ("edit_similarity", "embedding_similarity", "ideal_likelihood", "edit_rate")
"""Never binary by nature: where none of these moved, nothing moved."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One metric against one reference, before anything is decided over all of them."""

    rule: MetricRule
    against: str
    way: Way
    sides: Sides
    answer: Answer
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
) -> Standing:
    """Judge one metric out of a `family`; `identical` says that nothing moved on any of them."""
    sides = sides_of(paired, rule.name, against)
    way = _way(sides, rule.name, policy, identical)
    drawn = sampling(sides, rule.margin, policy, alpha) if way == "t" else None
    answer = _answer(way, sides, rule, policy, alpha)
    seen = Standing(rule, against, way, sides, answer, sampling=drawn)
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


def _way(sides: Sides, metric: str, policy: Policy, identical: bool) -> Way:
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


def _answer(way: Way, sides: Sides, rule: MetricRule, policy: Policy, alpha: float) -> Answer:
    if way == "none":
        return Answer()
    if way == "identical":
        return Answer(interval=(0.0, 0.0), lower=0.0, p_drop=1.0, risk=0.0)
    if way == "binary":
        return two_values(sides, rule.margin, policy, alpha)
    if way == "counts":
        return few_changes(sides, alpha)
    return students_t(sides, rule.margin, policy, alpha)


def _fell_consistently(sides: Sides, policy: Policy, family: int) -> bool:
    """Whether sign flips give such a fall at most at the level that rejects.

    One case far below the rest widens the interval and can hide a drop that was proven without
    it. Flips cannot be fooled this way: their share only shrinks when a score falls. So a guard
    rejects only where both agree, and where only flips speak, promotion waits.
    """
    sums, _ = sides.units()
    return bool(sums.sum() < 0) and own_share(sums, policy) <= policy.holm_alpha / family
