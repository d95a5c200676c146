"""Metrics that are only ever 0 or 1: exact McNemar and Clopper-Pearson, never Student's t.

A fall is a case that was 1 and is 0, a rise the reverse; ties say nothing about direction.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc, betaincinv

from harness.judge.paired import Floats


def is_binary(*sides: Floats) -> bool:
    """Whether every score is exactly 0 or 1."""
    return all(bool(np.isin(scores, (0.0, 1.0)).all()) for scores in sides)


def upper_share(k: int, n: int, alpha: float) -> float:
    """Clopper-Pearson: the largest share that k of n does not contradict."""
    if k >= n:
        return 1.0
    return float(betaincinv(k + 1, n - k, 1 - alpha))


def lower_share(k: int, n: int, alpha: float) -> float:
    """Clopper-Pearson: the smallest share that k of n does not contradict."""
    if k <= 0:
        return 0.0
    return float(betaincinv(k, n - k + 1, alpha))


def lower_difference(fell: int, rose: int, n: int, alpha: float) -> float:
    """Lower bound of share risen minus share fallen.

    Each share takes the whole alpha: both would have to be at their limits at once for the
    difference to be missed, which is rarer than alpha (tests/judge/test_binary.py enumerates).
    """
    return lower_share(rose, n, alpha) - upper_share(fell, n, alpha)


def mcnemar(fell: int, rose: int) -> float:
    """One-sided exact McNemar: how often chance gives at least so many falls."""
    if fell == 0:
        return 1.0
    return float(bdtrc(fell - 1, fell + rose, 0.5))
