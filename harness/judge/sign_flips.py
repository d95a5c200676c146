"""Sign flips: what a mean could have been if every change were as likely to go the other way.

Small slices are enumerated, larger ones drawn with a recorded seed, huge ones are normal.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from harness.judge.paired import Floats
from harness.records import Policy

MAX_DRAWN = 256
"""Above this many units a sum of flips is normal for every purpose here."""
TIE = 1e-9
MAX_AT_ONCE = 200_000
"""Multiplications per product: few enough that BLAS starts no threads, which would cost more than
they save and make the time depend on whatever else the machine does."""


@lru_cache(maxsize=16)
def all_signs(units: int) -> Floats:
    """Every pattern of +1 and -1."""
    patterns = (np.arange(2**units)[:, None] >> np.arange(units)) & 1
    signs: Floats = 1.0 - 2.0 * patterns.astype(np.float64)
    return signs


@lru_cache(maxsize=8)
def _drawn(units: int, draws: int, seed: int) -> NDArray[np.int8]:
    rng = np.random.default_rng([seed, units])
    signs = 1 - 2 * rng.integers(0, 2, size=(draws, units), dtype=np.int8)
    signs[0] = 1
    return signs


def drawn_flips(parts: Floats, policy: Policy) -> Floats:
    """Column sums of `parts` under seeded flips of its rows; the first is what was observed."""
    signs = _drawn(len(parts), policy.slice_draws, policy.seed).astype(np.float64)
    return in_steps(signs, parts)


def normal_flips(parts: Floats, policy: Policy) -> Floats:
    """The same for many rows: sums of many flips are normal together, with this covariance."""
    width = parts.shape[1]
    step = max(1, MAX_AT_ONCE // width**2)
    covariance = np.zeros((width, width))
    for start in range(0, len(parts), step):
        some = parts[start : start + step]
        covariance += some.T @ some
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng([policy.seed, width])
    return in_steps(rng.standard_normal((policy.slice_draws, width)), root.T)


def in_steps(left: Floats, right: Floats) -> Floats:
    """Matrix product, some rows at a time."""
    product = np.empty((len(left), right.shape[1]))
    step = max(1, MAX_AT_ONCE // max(right.size, 1))
    for start in range(0, len(left), step):
        product[start : start + step] = left[start : start + step] @ right
    return product


def shares(d: Floats, sums: Floats, policy: Policy) -> Floats:
    """For each of `sums`: the share of flips of `d` that sum to it or less.

    Zeros flip into themselves, so they are left out. Signs are applied to the differences as they
    are: lowering any of them can then only lower the share at their own sum.
    """
    if len(d) > MAX_DRAWN:
        scale = float(np.sqrt(d @ d))
        return _normal_shares(sums, scale)
    if len(d) <= policy.slice_exact:
        moved = d[d != 0.0]
        flipped = all_signs(len(moved)) @ moved
    else:
        flipped = drawn_flips(d[:, None], policy)[:, 0]
    flipped.sort()
    counted: Floats = np.searchsorted(flipped, sums + TIE, side="right") / len(flipped)
    return counted


def own_share(d: Floats, policy: Policy) -> float:
    """The share of flips that sum to no more than what was observed."""
    return float(shares(d, np.array([d.sum()]), policy)[0])


def _normal_shares(sums: Floats, scale: float) -> Floats:
    if scale == 0.0:
        return (sums >= -TIE).astype(np.float64)
    normal: Floats = ndtr((sums + TIE) / scale)
    return normal
