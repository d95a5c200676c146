"""Sign-flip tests: the sums that were possible if each change could as well go the other way.

Flips of a few units are enumerated, of more units drawn with a recorded seed, and for very many
the normal distribution takes their place.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.judge.paired import Floats
from harness.libraries import special
from harness.records import Policy

MAX_DRAWN = 256
"""Above this many units a sum of flips is close enough to normal."""
TIE = 1e-9
"""Sums that differ by rounding count as equal."""
MAX_AT_ONCE = 200_000
"""Multiplications per product: few enough that BLAS starts no threads, which would cost more than
they save and make the time depend on the load of the machine."""


def own_share(d: Floats, policy: Policy) -> float:
    """Return the share of flips of `d` that sum to no more than `d` itself."""
    return float(shares(d, np.array([d.sum()]), policy)[0])


def shares(d: Floats, sums: Floats, policy: Policy) -> Floats:
    """Return, for each of `sums`, the share of flips of `d` that sum to it or less.

    Zeros flip into themselves, so they are left out. The differences keep their signs: lowering any
    of them can then only lower the share at their own sum.
    """
    if len(d) > MAX_DRAWN:
        scale = float(np.sqrt(d @ d))
        if scale == 0.0:
            return (sums >= -TIE).astype(np.float64)
        normal: Floats = special.ndtr((sums + TIE) / scale)
        return normal
    if len(d) <= policy.slice_exact:
        moved = d[d != 0.0]  # halves the patterns for each zero
        flipped = _all_signs(len(moved)) @ moved
    else:
        flipped = drawn_flips(d[:, None], policy)[:, 0]
    flipped.sort()
    counted: Floats = np.searchsorted(flipped, sums + TIE, side="right") / len(flipped)
    return counted


def drawn_flips(parts: Floats, policy: Policy) -> Floats:
    """Return column sums of `parts` under seeded flips of its rows; the first is the observed."""
    signs = _drawn_signs(len(parts), policy.slice_draws, policy.seed).astype(np.float64)
    return in_steps(signs, parts)


def normal_flips(parts: Floats, policy: Policy) -> Floats:
    """Draw column sums of `parts` for many rows: sums of many flips are jointly normal."""
    width = parts.shape[1]
    step = max(1, MAX_AT_ONCE // width**2)
    covariance = np.zeros((width, width))
    for start in range(0, len(parts), step):
        some = parts[start : start + step]
        covariance += some.T @ some
    # By eigenvalues rather than Cholesky, which fails where slices are linearly dependent.
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng([policy.seed, width])
    return in_steps(rng.standard_normal((policy.slice_draws, width)), root.T)


def in_steps(left: Floats, right: Floats) -> Floats:
    """Multiply two matrices, some rows at a time."""
    product = np.empty((len(left), right.shape[1]))
    step = max(1, MAX_AT_ONCE // max(right.size, 1))
    for start in range(0, len(left), step):
        product[start : start + step] = left[start : start + step] @ right
    return product


@lru_cache(maxsize=16)
def _all_signs(units: int) -> Floats:
    """Return every pattern of +1 and -1."""
    patterns = (np.arange(2**units)[:, None] >> np.arange(units)) & 1
    signs: Floats = 1.0 - 2.0 * patterns.astype(np.float64)
    return signs


@lru_cache(maxsize=8)
def _drawn_signs(units: int, draws: int, seed: int) -> NDArray[np.int8]:
    rng = np.random.default_rng([seed, units])
    signs = 1 - 2 * rng.integers(0, 2, size=(draws, units), dtype=np.int8)
    # The observed signs count as one of the draws, so that no share is ever 0.
    signs[0] = 1
    return signs
