"""A mean and its standard error are the same on every machine, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.intervals import spread
from harness.judge.rule1.slices import _means

differences = st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40)


@pytest.mark.slow
@given(differences, st.randoms())
def test_the_order_in_which_cases_are_added_changes_no_bit(d, random):
    """Processors add in orders of their own; only a sum rounded once does not show it."""
    mixed = list(d)
    random.shuffle(mixed)
    one, other = spread(np.array(d)), spread(np.array(mixed))
    assert (one.mean, one.se) == (other.mean, other.se)


@pytest.mark.slow
@given(differences, st.randoms())
def test_nor_does_it_in_a_slice(d, random):
    mixed = list(d)
    random.shuffle(mixed)
    every = np.ones((1, len(d)), dtype=bool)
    sizes = np.array([float(len(d))])
    assert _means(every, sizes, np.array(d)) == _means(every, sizes, np.array(mixed))


@pytest.mark.medium
@given(differences)
def test_it_is_the_usual_mean_and_standard_error(d):
    found = spread(np.array(d))
    assert np.isclose(found.mean, np.mean(d), atol=1e-12)
    assert np.isclose(found.se, np.std(d, ddof=1) / np.sqrt(len(d)), atol=1e-12)
