"""The rules of other tools, as `make calibrate` compares them with this one."""

from __future__ import annotations

import numpy as np
import pytest
from peer_rules import PEERS, Floats

SLICES = np.repeat(np.arange(5), 5)


def differences(mean: float, spread: float = 0.01) -> Floats:
    return mean + spread * np.tile([-1.0, 1.0, 0.0, -1.0, 1.0], 5)


@pytest.mark.parametrize(
    ("mean", "promoted"),
    [
        (0.05, {"mean", "adaptergate", "NeMo", "MLflow"}),
        (0.0, {"mean", "adaptergate", "NeMo"}),
        (-0.015, {"mean", "adaptergate"}),
        (-0.03, set()),
    ],
)
def test_each_promotes_where_its_documentation_says(mean: float, promoted: set[str]) -> None:
    d = differences(mean)
    assert {name for name, rule in PEERS.items() if rule(d, SLICES)} == promoted


def test_a_lost_slice_is_seen_by_the_rule_that_looks_at_slices_alone() -> None:
    d = np.where(SLICES == 0, -0.12, 0.04)
    assert {name for name, rule in PEERS.items() if rule(d, SLICES)} == {"mean", "NeMo"}


def test_a_wide_scatter_passes_an_interval_that_reaches_zero() -> None:
    d = differences(-0.03, spread=0.5)
    assert PEERS["NeMo"](d, SLICES) and not PEERS["mean"](d, SLICES)
