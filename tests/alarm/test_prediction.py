import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from harness.alarm.prediction import rank_correlation

values = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda p: (p[0] / 20, p[1] / 20)),
    min_size=5,
    max_size=25,
)


@pytest.mark.medium
@settings(max_examples=40)
@given(values)
def test_rho_is_spearmans_with_ties(pairs):
    a, b = zip(*pairs, strict=True)
    found = rank_correlation(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found.rho is None
        return
    assert found.rho == pytest.approx(spearmanr(a, b).statistic)
    assert -1 <= found.low <= found.rho + 1e-9
    assert found.rho - 1e-9 <= found.high <= 1
    assert 0 < found.p <= 1


def test_four_pairs_are_too_few_to_say():
    found = rank_correlation([1, 2, 3, 4], [4, 3, 2, 1])
    assert (found.n, found.rho, found.p) == (4, None, None)


def test_the_chance_of_a_perfect_order_of_five_is_exact():
    found = rank_correlation([1, 2, 3, 4, 5], [5, 4, 3, 2, 1])
    assert found.rho == -1
    assert found.p == pytest.approx(2 / 120)  # of 120 orders, that one and its reverse


def test_a_perfect_order_of_few_is_still_uncertain():
    found = rank_correlation([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert found.high == 1
    assert found.low < 0.3


def test_more_pairs_narrow_the_interval():
    few = rank_correlation(range(8), [0, 2, 1, 3, 5, 4, 7, 6])
    many = rank_correlation(range(32), [i ^ 1 for i in range(32)])
    assert many.high - many.low < few.high - few.low
