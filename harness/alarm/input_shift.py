"""Test whether two sets of vectors share a distribution: energy distance, permutation test.

Vectors are compared by direction, as cosine similarity does; the test shuffles the labels that say
which set a vector belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating]

MIN_INPUTS = 10
"""Vectors needed in each set."""
ALPHA = 0.01
"""The p-value up to which a shift is named."""
_DRAWS = 999
"""Permutations; with the observed labelling, p is a multiple of 1/1000."""


@dataclass(frozen=True, slots=True)
class VectorShift:
    """The distance of new vectors from the old vectors."""

    distance: float
    """Energy distance of unit vectors: 0 for one and the same distribution."""
    p: float
    """Share of shuffled labellings that lie at least so far apart."""
    nearest: tuple[float, ...]
    """For each new vector, the distance to the nearest old vector; large means not covered."""

    @property
    def shown(self) -> bool:
        """Whether the shift is too large to be explained by chance."""
        return self.p <= ALPHA


def vector_shift(new: Vectors, old: Vectors, seed: int = 0) -> VectorShift | None:
    """Compare two sets, a vector per row; return None where either set is too small."""
    if min(len(new), len(old)) < MIN_INPUTS:
        return None
    rows = np.asarray(np.concatenate([new, old]), dtype=np.float64)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    # Euclidean distances of unit vectors; rounding may leave a tiny negative square.
    distances = np.asarray(np.sqrt(np.maximum(0.0, 2 - 2 * (rows @ rows.T))))
    first = np.zeros(len(distances))
    first[: len(new)] = 1
    found = _energy(distances, first[None, :])[0]
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(first, (_DRAWS, 1)), axis=1)
    # The tolerance counts ties as reached; the observed labelling is one of the permutations.
    beyond = int(np.sum(_energy(distances, shuffled) >= found - 1e-12))
    nearest = distances[: len(new), len(new) :].min(axis=1)
    return VectorShift(float(found), (1 + beyond) / (1 + _DRAWS), tuple(map(float, nearest)))


def _energy(distances: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 2 E|X - Y| - E|X - X'| - E|Y - Y'| per labelling (row), without self-distances."""
    second = 1 - first
    m, k = first[0].sum(), second[0].sum()
    inside = first @ distances
    between = (inside * second).sum(axis=1) / (m * k)
    within = (inside * first).sum(axis=1) / (m * (m - 1))
    among = ((second @ distances) * second).sum(axis=1) / (k * (k - 1))
    return np.asarray(2 * between - within - among)
