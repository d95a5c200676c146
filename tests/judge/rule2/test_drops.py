"""What candidates with other scores would show, against a search by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.rule2.drops import best_lower, could_drop, least_p, p_value
from harness.judge.rule2.units import Units

NUMBERS = st.lists(st.floats(-0.2, 0.2).map(lambda x: round(x, 4)), min_size=5, max_size=30)


def p_of(d: np.ndarray) -> float:
    return p_value(float(d.mean()), float(d.var()), len(d))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(NUMBERS, st.floats(-0.05, 0.0), st.integers(0, 2**32))
def test_no_raised_candidate_has_a_smaller_p(numbers, below, seed) -> None:
    d, rng = np.array(numbers), np.random.default_rng(seed)
    least = least_p(d, below)
    raised = [np.maximum(d, level) for level in np.linspace(d.min(), d.max(), 60)]
    raised += [d + rng.random(len(d)) * rng.choice([0.01, 0.1]) for _ in range(40)]
    found = [p_of(one) for one in raised if one.mean() < below]
    assert least <= min(found, default=1.0) + 1e-9


def test_the_least_p_is_reached_by_a_raised_candidate() -> None:
    d = np.array([-0.02] * 20 + [-0.3] + [0.01] * 4)
    raised = [np.maximum(d, level) for level in np.linspace(-0.3, 0.0, 4000)]
    found = [p_of(one) for one in raised if one.mean() < -0.005]
    assert least_p(d, -0.005) == pytest.approx(min(found), rel=1e-2)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(NUMBERS, st.integers(1, 3), st.integers(0, 2**32))
def test_no_lowered_candidate_has_a_higher_lower_bound(numbers, strata, seed) -> None:
    d, rng = np.array(numbers), np.random.default_rng(seed)
    codes = np.arange(len(d)) % strata
    best = best_lower(d, codes, 0.05)

    def lower(one: np.ndarray) -> float:
        none = np.zeros((0, len(one)), dtype=bool)
        return Units(one, codes, none).within().lower(0.05)

    lowered = [np.minimum(d, level) for level in np.linspace(d.min(), d.max(), 60)]
    lowered += [d - rng.random(len(d)) * rng.choice([0.01, 0.1]) for _ in range(40)]
    assert best >= max(map(lower, [d, *lowered])) - 1e-7


@pytest.mark.parametrize(("mean", "could"), [(-0.028, True), (-0.01, False), (0.0, False)])
def test_only_a_proven_drop_of_some_size_could_reject(mean: float, could: bool) -> None:
    d = np.full(25, mean)
    assert could_drop(d, 0.03, 0.01, 0.05, 24) is could
