import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.sign_flips import own_share, shares
from harness.records import Policy

POLICY = Policy()
slices = st.lists(st.floats(-1, 1).map(lambda x: round(x, 2)), min_size=1, max_size=9)


def by_hand(d, total):
    flips = [np.dot(signs, d) for signs in itertools.product((1, -1), repeat=len(d))]
    return np.mean([value <= total + 1e-9 for value in flips])


@pytest.mark.medium
@given(slices)
def test_small_slices_are_enumerated_exactly(d):
    assert own_share(np.array(d), POLICY) == pytest.approx(by_hand(d, sum(d)))


def test_five_falls_out_of_five_happen_in_one_of_32_flips():
    assert own_share(np.array([-0.1, -0.2, -0.05, -0.3, -0.1]), POLICY) == 1 / 32


def test_a_slice_without_any_change_says_nothing():
    assert own_share(np.zeros(6), POLICY) == 1.0


@pytest.mark.medium
@given(slices, st.data())
def test_a_lower_score_never_makes_a_fall_look_likelier(d, data):
    index = data.draw(st.integers(0, len(d) - 1))
    worse = list(d)
    worse[index] -= data.draw(st.floats(0, 1))
    assert own_share(np.array(worse), POLICY) <= own_share(np.array(d), POLICY) + 1e-12


@pytest.mark.parametrize("units", [13, 40, 400])
def test_larger_slices_are_drawn_or_normal_and_agree_with_each_other(units):
    rng = np.random.default_rng(0)
    d = rng.normal(-0.02, 0.1, units)
    share = own_share(d, POLICY)
    flips = rng.choice([-1, 1], (20_000, units)) @ d
    assert share == pytest.approx(np.mean(flips <= d.sum()), abs=0.015)
    assert own_share(d, POLICY) == share, "drawn with a seed, so drawn alike"


def test_shares_of_several_sums_are_those_of_each():
    d = np.array([-0.1, 0.2, 0.3, -0.4])
    sums = np.array([-1.0, -0.5, 0.0, 1.0])
    assert shares(d, sums, POLICY).tolist() == [by_hand(d, total) for total in sums]
