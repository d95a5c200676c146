"""The mean of paired differences and how sure it is, with or without groups of cases.

Cases of one group are summed first: they are one observation, told in several cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from harness.judge.paired import Codes, Floats

NOTHING = 1e-12
"""Smaller spreads are rounding, not spread."""


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
        """One-sided lower bound of the mean difference."""
        return self.mean - quantile(1 - alpha, self.df) * self.se

    def below(self, value: float) -> float:
        """How much the data speak for a true mean below `value`, as a probability of T."""
        gap = value - self.mean
        if self.se <= NOTHING:
            return 1.0 if gap > NOTHING else 0.0
        return float(stdtr(self.df, gap / self.se))

    @property
    def p_drop(self) -> float:
        """P(T <= mean / se): small where a drop is proven."""
        if self.se <= NOTHING:
            return 0.0 if self.mean < -NOTHING else 1.0
        return float(stdtr(self.df, self.mean / self.se))


def quantile(p: float, df: int) -> float:
    """Student's t."""
    return float(stdtrit(df, p))


def unit_sums(d: Floats, groups: Codes | None) -> tuple[Floats, Floats]:
    """Sum of differences and number of cases per independent unit."""
    if groups is None:
        return d, np.ones_like(d)
    _, codes = np.unique(groups, return_inverse=True)
    sums: Floats = np.bincount(codes, weights=d).astype(np.float64)
    return sums, np.bincount(codes).astype(np.float64)


def spread(d: Floats, groups: Codes | None = None) -> Spread:
    """Mean and clustered standard error; without groups the plain one, s / sqrt(n)."""
    sums, sizes = unit_sums(d, groups)
    return spread_of_units(sums, sizes)


def spread_of_units(sums: Floats, sizes: Floats) -> Spread:
    """The same from sums and sizes per unit; needs two units or more."""
    n, units = float(sizes.sum()), len(sums)
    # Exactly rounded sums: BLAS rounds as its processor does, and verdicts are recomputed elsewhere
    mean = math.fsum(sums.tolist()) / n
    residuals = sums - sizes * mean
    variance = units / (units - 1) * math.fsum((residuals * residuals).tolist()) / n**2
    se = float(np.sqrt(variance))
    return Spread(mean, se if se > NOTHING else 0.0, int(n), units)
