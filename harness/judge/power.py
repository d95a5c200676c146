"""What this benchmark can certify at all, and how many cases a margin needs.

Both are about the benchmark's spread, not about the candidate's difference.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from harness.judge.intervals import Spread, quantile
from harness.records import Policy


def certifiable_margin(spread: Spread, alpha: float, policy: Policy) -> float:
    """The margin that an unchanged candidate passes with the policy's power."""
    return (quantile(1 - alpha, spread.df) + quantile(policy.power, spread.df)) * spread.se


def cases_needed(spread: Spread, margin: float, alpha: float, policy: Policy) -> int:
    """Cases for that margin: 6.2 (s / margin)^2 at alpha 5 % and power 80 %.

    The factor is rounded up to a tenth, since normal quantiles fall a little short of t's.
    """
    variance = spread.se**2 * spread.n
    needed = factor(alpha, policy) * variance / margin**2
    return max(policy.min_cases, math.ceil(round(needed, 9)))


def factor(alpha: float, policy: Policy) -> float:
    """Cases times squared margin over variance: 6.2 at alpha 5 % and power 80 %."""
    return math.ceil(10 * (float(ndtri(1 - alpha)) + float(ndtri(policy.power))) ** 2) / 10


def binary_cases_needed(margin: float, alpha: float, policy: Policy) -> int:
    """Cases after which no fall at all shows that fewer than the margin fall."""
    if margin >= 1:
        return policy.min_cases
    return max(policy.min_cases, math.ceil(math.log(alpha) / math.log1p(-margin)))
