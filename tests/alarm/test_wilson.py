import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from harness.alarm.wilson import wilson


@pytest.mark.medium
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_of_a_share_it_is_scipys_wilson_interval(counts):
    k, n = counts
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_the_mean_lies_inside_and_the_interval_in_0_to_1(mean, n):
    low, high = wilson(mean, n)
    assert 0 <= low <= mean <= high <= 1


def test_of_nothing_it_is_everything():
    assert wilson(0.0, 0) == (0.0, 1.0)


def test_no_edit_in_thirty_reviews_is_not_a_rate_of_zero():
    low, high = wilson(0.0, 30)
    assert low == 0
    assert 0.1 < high < 0.13
