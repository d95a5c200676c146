"""A metric judged by counting cases: yes-or-no scores, and metrics that hardly moved.

Groups of cases count as one: up, down or neither by their sum.
"""

from __future__ import annotations

import numpy as np

from harness.judge.binary import lower_difference, lower_share, mcnemar, upper_share
from harness.judge.by_t import Answer
from harness.judge.intervals import spread
from harness.judge.metric_pair import TOLERANCE, Sides
from harness.judge.power import binary_cases_needed
from harness.records import Policy


def two_values(sides: Sides, margin: float | None, policy: Policy, alpha: float) -> Answer:
    """Scores of 0 and 1: exact McNemar for the drop, Clopper-Pearson for the bounds."""
    sums, _ = sides.units()
    n, fell, rose = len(sums), int((sums < -TOLERANCE).sum()), int((sums > TOLERANCE).sum())
    half = alpha / 2
    return Answer(
        interval=(
            lower_difference(fell, rose, n, half),
            upper_share(rose, n, half) - lower_share(fell, n, half),
        ),
        lower=lower_difference(fell, rose, n, alpha),
        p_drop=mcnemar(fell, rose),
        certifiable=upper_share(0, n, alpha),
        needed=None if margin is None else binary_cases_needed(margin, alpha, policy),
    )


def few_changes(sides: Sides, alpha: float) -> Answer:
    """Too few changes for an interval: bound how many fall, and let all fall as far as the worst.

    Rises are not counted in favour. The bound by t must agree, so that a single change cannot look
    surer than several.
    """
    sums, sizes = sides.units()
    fell = int((sums < -TOLERANCE).sum())
    deepest = float(np.max(-sums, initial=0.0)) * len(sums) / float(sizes.sum())
    worst = -upper_share(fell, len(sums), alpha) * deepest if fell else 0.0
    return Answer(lower=min(worst, spread(sides.d, sides.groups).lower(alpha)))
