"""Do two sets of vectors come from one place? Energy distance with a permutation test.

Vectors are compared by direction, as the embedder's users do; who is in which set is shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating]

MIN_INPUTS = 10
"""Vectors on either side below which nothing is said."""
ALPHA = 0.01
"""A shift is named at a chance of at most this."""
_DRAWS = 999


@dataclass(frozen=True, slots=True)
class VectorShift:
    """How far new vectors lie from old ones."""

    distance: float
    """Energy distance of unit vectors: 0 for one and the same distribution."""
    p: float
    """How often shuffled sets lie at least so far apart."""
    nearest: tuple[float, ...]
    """Of each new vector, the distance to the old one nearest to it: what nothing covers."""

    @property
    def shown(self) -> bool:
        """Whether chance is no good explanation."""
        return self.p <= ALPHA


def vector_shift(new: Vectors, old: Vectors, seed: int = 0) -> VectorShift | None:
    """The distance of two sets, one vector a row; None where either is too small to say."""
    if min(len(new), len(old)) < MIN_INPUTS:
        return None
    distances = _distances(np.concatenate([new, old]))
    first = np.zeros(len(distances))
    first[: len(new)] = 1
    found = _energy(distances, first[None, :])[0]
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(first, (_DRAWS, 1)), axis=1)
    beyond = int(np.sum(_energy(distances, shuffled) >= found - 1e-12))
    nearest = distances[: len(new), len(new) :].min(axis=1)
    return VectorShift(float(found), (1 + beyond) / (1 + _DRAWS), tuple(map(float, nearest)))


def _distances(vectors: Vectors) -> NDArray[np.float64]:
    rows = np.asarray(vectors, dtype=np.float64)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return np.asarray(np.sqrt(np.maximum(0.0, 2 - 2 * (rows @ rows.T))))


def _energy(distances: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'|, a vector with itself left out; one line per labelling."""
    second = 1 - first
    m, k = first[0].sum(), second[0].sum()
    inside = first @ distances
    between = (inside * second).sum(axis=1) / (m * k)
    within = (inside * first).sum(axis=1) / (m * (m - 1))
    among = ((second @ distances) * second).sum(axis=1) / (k * (k - 1))
    return np.asarray(2 * between - within - among)
