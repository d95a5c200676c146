"""Whether a metric is shown to be not worse than a margin, and whether its drop may reject.

Strict: a drop of exactly the margin is not shown, and neither is one within rounding of it.
"""

from __future__ import annotations

import numpy as np

from harness.judge.intervals import quantile, spread_of_units, unit_sums
from harness.judge.metric_pair import TOLERANCE
from harness.judge.paired import Codes, Floats

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
