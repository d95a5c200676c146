"""The statistics of paired differences: intervals, p-values, corrections, and cases needed.

Differences may come in groups of dependent cases. These are summed first, since a group is one
observation that is spread over several cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.judge.paired import Codes, Floats
from harness.libraries import special
from harness.records import Policy

NOTHING = 1e-12
"""Spreads below this are rounding errors."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, standard error and degrees of freedom of a mean difference."""

    mean: float
    se: float
    n: int
    units: int
    """Independent observations: the cases, or the groups where cases are grouped."""

    @property
    def df(self) -> int:
        """Degrees of freedom of Student's t."""
        return self.units - 1

    def lower(self, alpha: float) -> float:
        """Return the lower bound, one-sided, of the mean difference."""
        return self.mean - quantile(1 - alpha, self.df) * self.se

    def below(self, value: float) -> float:
        """Return P(T <= (value - mean) / se): the support for a true mean below `value`."""
        gap = value - self.mean
        if self.se <= NOTHING:
            return 1.0 if gap > NOTHING else 0.0
        return float(special.stdtr(self.df, gap / self.se))

    @property
    def p_drop(self) -> float:
        """P(T <= mean / se), which is small where a drop is proven."""
        if self.se <= NOTHING:
            return 0.0 if self.mean < -NOTHING else 1.0
        return float(special.stdtr(self.df, self.mean / self.se))


def quantile(p: float, df: int) -> float:
    """Return the p-quantile of Student's t."""
    return float(special.stdtrit(df, p))


def unit_sums(d: Floats, groups: Codes | None) -> tuple[Floats, Floats]:
    """Return the sum of differences and the number of cases of each independent unit."""
    if groups is None:
        return d, np.ones_like(d)
    # Codes are made dense: missing scores may have removed whole groups.
    _, codes = np.unique(groups, return_inverse=True)
    sums: Floats = np.bincount(codes, weights=d).astype(np.float64)
    return sums, np.bincount(codes).astype(np.float64)


def spread(d: Floats, groups: Codes | None = None) -> Spread:
    """Return the mean and its clustered standard error; without groups that is s / sqrt(n)."""
    sums, sizes = unit_sums(d, groups)
    return spread_of_units(sums, sizes)


def spread_of_units(sums: Floats, sizes: Floats) -> Spread:
    """Return the mean and its standard error from sums and sizes of two or more units."""
    n, units = float(sizes.sum()), len(sums)
    # Exactly rounded sums: BLAS rounds differently on other processors, and a verdict must be
    # reproduced to the last bit elsewhere.
    mean = math.fsum(sums.tolist()) / n
    # Clustered: residuals are summed within a unit before they are squared.
    residuals = sums - sizes * mean
    variance = units / (units - 1) * math.fsum((residuals * residuals).tolist()) / n**2
    se = float(np.sqrt(variance))
    return Spread(mean, se if se > NOTHING else 0.0, int(n), units)


def is_binary(*arrays: Floats) -> bool:
    """Tell whether every score is exactly 0 or 1."""
    return all(bool(np.isin(scores, (0.0, 1.0)).all()) for scores in arrays)


def upper_share(k: int, n: int, alpha: float) -> float:
    """Return the upper Clopper-Pearson bound of a share, with k of n observed."""
    if k >= n:  # the beta distribution is not defined there
        return 1.0
    return float(special.betaincinv(k + 1, n - k, 1 - alpha))


def lower_share(k: int, n: int, alpha: float) -> float:
    """Return the lower Clopper-Pearson bound of a share, with k of n observed."""
    if k <= 0:
        return 0.0
    return float(special.betaincinv(k, n - k + 1, alpha))


def lower_difference(fell: int, rose: int, n: int, alpha: float) -> float:
    """Return a lower bound of the share risen minus the share fallen.

    Each share takes the whole alpha: both would have to be at their limits at once for the
    difference to be missed, which is rarer than alpha (tests/judge/test_binary.py enumerates).
    """
    return lower_share(rose, n, alpha) - upper_share(fell, n, alpha)


def mcnemar(fell: int, rose: int) -> float:
    """Return the exact McNemar p-value, one-sided: the chance of so many falls."""
    if fell == 0:
        return 1.0
    return float(special.bdtrc(fell - 1, fell + rose, 0.5))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return Holm-adjusted p-values: the family-wise level at which each is just rejected."""
    family = len(p_values)
    adjusted = [1.0] * family
    so_far = 0.0
    # The smallest p is multiplied by the whole family, the next by one less; never decreasing.
    for rank, index in enumerate(sorted(range(family), key=lambda i: p_values[i])):
        so_far = max(so_far, min(1.0, (family - rank) * p_values[index]))
        adjusted[index] = so_far
    return tuple(adjusted)


def spent_alpha(policy: Policy, candidates_judged: int) -> float:
    """Return alpha for the j-th candidate: all of it, or its share where `reuse` is "spend"."""
    if policy.reuse == "count":
        return policy.alpha
    # The sum of 1/j^2 is pi^2/6, so that all shares together spend alpha.
    return 6 * policy.alpha / (math.pi * max(candidates_judged, 1)) ** 2


def risk_by_luck(policy: Policy, candidates_judged: int) -> float:
    """Return the risk that any candidate at the margin was let through so far."""
    # By logarithms, so that small risks are not lost to rounding.
    alphas = [spent_alpha(policy, j + 1) for j in range(max(min(candidates_judged, 10_000), 1))]
    return -math.expm1(sum(math.log1p(-alpha) for alpha in alphas))


def certifiable_margin(spread: Spread, alpha: float, policy: Policy) -> float:
    """Return the margin that an unchanged candidate passes with the policy's power."""
    return (quantile(1 - alpha, spread.df) + quantile(policy.power, spread.df)) * spread.se


def cases_needed(spread: Spread, margin: float, alpha: float, policy: Policy) -> int:
    """Return the cases needed for a margin: 6.2 (s / margin)^2 at alpha 5 % and power 80 %."""
    variance = spread.se**2 * spread.n
    needed = factor(alpha, policy) * variance / margin**2
    # Rounded first, so that a result of 56.000000001 does not become 57.
    return max(policy.min_cases, math.ceil(round(needed, 9)))


def factor(alpha: float, policy: Policy) -> float:
    """Return cases times squared margin over variance: 6.2 at alpha 5 % and power 80 %."""
    # Rounded up to a tenth, since normal quantiles fall a little short of Student's t.
    quantiles = float(special.ndtri(1 - alpha)) + float(special.ndtri(policy.power))
    return math.ceil(10 * quantiles**2) / 10


def binary_cases_needed(margin: float, alpha: float, policy: Policy) -> int:
    """Return the cases of which none may fall to show that fewer than the margin fall."""
    if margin >= 1:
        return policy.min_cases
    return max(policy.min_cases, math.ceil(math.log(alpha) / math.log1p(-margin)))
