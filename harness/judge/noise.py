"""How far one case's scores vary from sample to sample, which says nothing about other cases.

Sample k of both sides is drawn with the same seed, so differences are taken sample by sample.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.records import CaseResult

Floats = NDArray[np.float64]


def samples_of(sides: Sequence[Sequence[CaseResult]]) -> int:
    """Outputs per case; 1 where sides or cases do not agree about it."""
    counts = {len(result.outputs) for side in sides for result in side}
    return max(1, counts.pop()) if len(counts) == 1 else 1


def noise_of(
    now: Sequence[CaseResult], before: Sequence[CaseResult] | None, metrics: tuple[str, ...]
) -> Floats:
    """Variance between samples, metrics x cases; of the difference where there is a reference."""
    table = np.full((len(metrics), len(now)), np.nan)
    for column, result in enumerate(now):
        other = None if before is None else before[column]
        for row, metric in enumerate(metrics):
            table[row, column] = _variance(result, other, metric)
    return table


def _variance(now: CaseResult, before: CaseResult | None, metric: str) -> float:
    mine = _samples(now, metric)
    theirs = np.zeros(len(mine)) if before is None else _samples(before, metric)
    if len(mine) < 2 or len(mine) != len(theirs):
        return float("nan")
    return float(np.var(mine - theirs, ddof=1))


def _samples(result: CaseResult, metric: str) -> Floats:
    scores = result.sample_scores.get(metric, ())
    return np.array([np.nan if score is None else score for score in scores], dtype=np.float64)
