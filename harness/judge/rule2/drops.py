"""What candidates with other scores would show: higher ones be rejected, lower ones be promoted.

Lowering a score must never turn reject into promote. Every test that rejects has therefore a
counterpart here that holds promotion back: it asks whether any candidate whose scores are the same
or higher would be rejected. And a rejection at a later look stands only where no candidate with
lower scores could have been promoted before it.

Tested in tests/judge/rule2/test_drops.py.
"""

from __future__ import annotations

import math

import numpy as np

from harness.judge.intervals import quantile
from harness.judge.metric_pair import TOLERANCE
from harness.judge.paired import Codes, Floats
from harness.judge.rule2.units import Units
from harness.libraries import special

STEPS = 200
"""Most steps by which `best_lower` lowers its caps; it converges in far fewer."""
FEW = 12
"""With fewer units the shortcut of `could_drop` does not hold."""


def p_value(mean: float, square: float, n: int) -> float:
    """Return P(T <= t) of a mean, from the mean square deviation of n units."""
    if n < 2:
        return 1.0
    if square <= 1e-24:
        return 0.0 if mean < -1e-12 else 1.0
    return float(special.stdtr(n - 1, mean / math.sqrt(square / (n - 1))))


def least_p(d: Floats, below: float) -> float:
    """Return the least p of a drop over all higher differences whose mean is below a bound.

    Raising the lowest differences to one level keeps the scatter least for a given mean. Between
    two differences the best level is where the mean square over the mean is least, or at an end.
    """
    n = len(d)
    ordered = np.sort(d)
    if n < 2 or float(ordered.sum()) / n >= below:
        return 1.0
    sums = np.concatenate(([0.0], np.cumsum(ordered[::-1])))[::-1]
    squares = np.concatenate(([0.0], np.cumsum(ordered[::-1] ** 2)))[::-1]
    best = 1.0
    for k in range(n + 1):
        low = ordered[k - 1] if k else ordered[0]
        high = ordered[k] if k < n else np.inf
        rest, rest_squares = float(sums[k]), float(squares[k])
        # The level at which the mean reaches the bound ends the search.
        limit = (below * n - rest) / k if k else np.inf
        top = min(float(high), limit)
        levels = [float(low), top]
        if rest < 0 and low <= rest_squares / rest <= top:
            levels.append(rest_squares / rest)
        for level in levels:
            if level < low or level > top or not math.isfinite(level):
                continue
            mean = (k * level + rest) / n
            if mean > below + 1e-15:
                continue
            square = max(0.0, (k * level**2 + rest_squares) / n - mean**2)
            best = min(best, p_value(mean, square, n))
        if limit <= high:
            break
    return best


def best_lower(d: Floats, strata: Codes, alpha: float) -> float:
    """Return the highest lower bound of the mean that any candidate with lower scores could reach.

    A case far above its stratum widens the interval, so lowering it can raise the bound. The bound
    is concave in the differences; capping each at the mean of its stratum plus a slack, again and
    again, converges to its maximum.
    """
    best, current = -math.inf, d
    for _ in range(STEPS):
        units = Units(current, strata, np.zeros((0, len(current)), dtype=np.bool_))
        codes, df = units.dense_strata()
        means = np.bincount(codes, weights=current) / np.bincount(codes)
        residuals = current - means[codes]
        size = math.sqrt(float(residuals @ residuals))
        within = units.within()
        best = max(best, within.lower(alpha))
        slack = size * math.sqrt(df) / (quantile(1 - alpha, df) * math.sqrt(len(current)))
        capped = np.minimum(current, means[codes] + slack)
        if float(np.max(current - capped)) < TOLERANCE:
            break
        current = capped
    return best


def could_drop(d: Floats, margin: float, level: float, alpha: float, df: int) -> bool:
    """Tell whether any candidate with these or higher scores could be rejected for a drop.

    A drop rejects where its p is at most `level`, the mean is below half of the margin, and
    not-worse is not shown. A proven drop bounds the scatter by its mean; so the lower bound of a
    raised candidate stays inside the margin while its mean is above a share of the margin, and
    no such candidate is rejected.
    """
    n = len(d)
    bound = -margin / 2
    if n >= FEW:
        wide = math.sqrt((n - 1) / max(df, 1))
        ratio = quantile(1 - alpha, max(df, 1)) * wide / quantile(1 - level, n - 1)
        bound = min(bound, -margin / (1 + ratio))
    if float(d.mean()) > bound:
        return False
    return least_p(d, -margin / 2) <= level
