"""State the rules of other tools in a line each, so that they judge the same draws as this one.

Each says promote or reject from the paired differences of the likelihood. As documented in 2026:

- a threshold on the mean, as CI scripts have it
- adaptergate 0.5.4 (`gating/regression_gate.py`): epsilon 0.02 on the mean, 0.10 on slices of three
- NVIDIA NeMo's comparison: reject where the 95 % interval of the paired difference is below zero
- MLflow 3.18 `compare_evaluations`, an improvement asserted: promote where it is above zero

Tested in tests/perf/test_peer_rules.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Slices = NDArray[np.int64]
PeerRule = Callable[[Floats, Slices], bool]
"""Tells whether to promote, from the differences and the slice of each case."""

EPSILON = 0.02
SLICE_EPSILON = 0.10
SLICE_CASES = 3


def mean_threshold(d: Floats, slices: Slices) -> bool:
    """Promote while the mean fell by at most 0.02."""
    return bool(d.mean() >= -EPSILON)


def adaptergate(d: Floats, slices: Slices) -> bool:
    """Promote while the mean fell by at most 0.02 and no slice's by more than 0.10."""
    parts = [d[slices == one] for one in np.unique(slices)]
    lost = any(len(part) >= SLICE_CASES and part.mean() < -SLICE_EPSILON for part in parts)
    return mean_threshold(d, slices) and not lost


def nemo_interval(d: Floats, slices: Slices) -> bool:
    """Promote unless the 95 % interval lies below zero."""
    return bool(d.mean() + _half(d) >= 0)


def mlflow_improved(d: Floats, slices: Slices) -> bool:
    """Promote where the 95 % interval lies above zero."""
    return bool(d.mean() - _half(d) > 0)


def _half(d: Floats) -> float:
    return float(stdtrit(len(d) - 1, 0.975) * d.std(ddof=1) / np.sqrt(len(d)))


PEERS: dict[str, PeerRule] = {
    "mean": mean_threshold,
    "adaptergate": adaptergate,
    "NeMo": nemo_interval,
    "MLflow": mlflow_improved,
}
