"""A guard benchmark asks about forgetting: loss against the base."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.rule2.guard_benchmark import decide_guard
from tests.judge.rule2.make import noise, trial


def outcome(promoted: float, over_base: float | None, width: float = 0.02) -> str:
    """Mean difference against the promoted adapter, and against the base."""
    d = noise(20, width) + promoted
    base = None if over_base is None else over_base - promoted
    return decide_guard(trial(d, level=0.8, base=base, margin=0.05)).outcome


def test_a_re_seed_below_a_lucky_promoted_run_is_not_rejected() -> None:
    assert outcome(-0.045, -0.002) == "promote"


@pytest.mark.parametrize("over_base", [-0.08, -0.15])
def test_a_proven_loss_against_the_base_rejects(over_base: float) -> None:
    assert outcome(-0.001, over_base) == "reject"


def test_a_loss_beyond_the_margin_against_the_promoted_rejects() -> None:
    assert outcome(-0.1, 0.0) == "reject"


def test_nothing_lost_promotes_and_much_noise_is_open() -> None:
    assert outcome(0.0, 0.01) == "promote"
    assert outcome(-0.02, -0.02, width=0.2) == "inconclusive"


def test_without_a_run_of_the_base_the_promoted_adapter_is_all_there_is() -> None:
    assert outcome(0.0, None) == "promote"
    assert outcome(-0.1, None) == "reject"


def test_collapsed_cases_do_not_reject_a_guard() -> None:
    d = noise(20, 0.01)
    d[:2] = -0.3
    d[2:4] = 0.3
    assert decide_guard(trial(d, level=0.6, base=0.0, margin=0.05)).outcome != "reject"
    assert np.isfinite(d).all()
