"""Spearman's rank correlation with its interval: how well an order predicts another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import atanh, factorial, sqrt, tanh

import numpy as np
from numpy.typing import NDArray

from harness.libraries import special

MIN_POINTS = 5
"""Pairs needed for a correlation."""
_EXACT = 7
"""Pairs up to which all orders are enumerated; beyond, orders are drawn."""
_DRAWS = 5_000
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Rank:
    """The agreement of two orders."""

    n: int
    rho: float | None
    """None where there are too few pairs, or where one order is all ties."""
    low: float | None = None
    high: float | None = None
    """Bonett and Wright's interval, 95 %."""
    p: float | None = None
    """Two-sided permutation p-value: exact for few pairs, else from drawn orders."""


def rank_correlation(a: Sequence[float], b: Sequence[float], alpha: float = 0.05) -> Rank:
    """Return Spearman's rho of pairs; tied values share their mean rank."""
    n = len(a)
    x, y = _centred(a), _centred(b)
    length = float(np.sqrt((x @ x) * (y @ y)))
    if n < MIN_POINTS or length == 0:
        return Rank(n, None)
    rho = float(x @ y) / length
    low, high = _interval(rho, n, alpha)
    return Rank(n, rho, low, high, _p_value(x, y / length, abs(rho)))


def _centred(values: Sequence[float]) -> NDArray[np.float64]:
    """Return mean ranks, shifted so that their mean is zero."""
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return np.asarray(ranks - (len(values) + 1) / 2, dtype=np.float64)


def _interval(rho: float, n: int, alpha: float) -> tuple[float, float]:
    """Return the interval by Fisher's z with Bonett and Wright's standard error.

    A perfect order has an infinite z. It is taken half a step below, a step being the smallest
    change of rho that an order of n can make, and its interval still reaches to the end.
    """
    most = 1 - 6 / (n * (n * n - 1))
    inner = min(max(rho, -most), most)
    reach = float(special.ndtri(1 - alpha / 2)) * sqrt((1 + inner * inner / 2) / (n - 3))
    low, high = tanh(atanh(inner) - reach), tanh(atanh(inner) + reach)
    return (-1.0 if rho < -most else low), (1.0 if rho > most else high)


def _p_value(x: NDArray[np.float64], unit: NDArray[np.float64], reached: float) -> float:
    n = len(x)
    # `unit` is scaled so that its product with any order of x is the rho of that order.
    if n <= _EXACT:
        orders = np.array(list(permutations(range(n))))
        return float(np.sum(np.abs(x[orders] @ unit) >= reached - _TOLERANCE)) / factorial(n)
    rng = np.random.default_rng(0)
    drawn = rng.permuted(np.tile(x, (_DRAWS, 1)), axis=1)
    # The observed order counts as one of the draws, so that p is never 0.
    return float(1 + np.sum(np.abs(drawn @ unit) >= reached - _TOLERANCE)) / (_DRAWS + 1)
