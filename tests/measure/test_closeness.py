"""Cosines are sentence-transformers' own; a missing likelihood stays missing."""

import math

import numpy as np
import pytest

from harness.errors import DataError, EngineFailed
from harness.measure import embedding_similarity, ideal_likelihood


def test_each_output_is_compared_with_each_ideal():
    cosines = embedding_similarity([[1, 0], [1, 1]], [[2, 0], [0, 3], [1, 1]])
    half = math.sqrt(0.5)
    assert cosines == pytest.approx(np.array([[1, 0, half], [half, half, 1]]))


def test_opposite_meaning_is_zero_and_not_negative():
    assert embedding_similarity([1.0, 0.0], [-1.0, 0.0]).tolist() == [[0.0]]


def test_rounding_never_lifts_a_cosine_above_one():
    vector = np.full((1, 384), 0.1, dtype=np.float32)
    assert embedding_similarity(vector, vector)[0, 0] <= 1.0


def test_a_vector_of_zeros_is_like_nothing():
    assert embedding_similarity([0.0, 0.0], [1.0, 0.0]).tolist() == [[0.0]]


def test_a_broken_embedder_is_a_fault_and_not_a_score():
    with pytest.raises(EngineFailed, match="not finite"):
        embedding_similarity([math.nan, 1.0], [1.0, 0.0])


@pytest.mark.parametrize(
    ("nll", "likelihood"),
    [(0.0, 1.0), (math.log(2), 0.5), (math.inf, 0.0), (-1e-5, 1.0), (None, None), (math.nan, None)],
)
def test_ideal_likelihood_is_exp_of_minus_the_mean_nll(nll, likelihood):
    assert ideal_likelihood(nll) == (None if likelihood is None else pytest.approx(likelihood))


def test_a_log_probability_in_place_of_an_nll_is_refused():
    with pytest.raises(DataError, match="minus the mean log-probability"):
        ideal_likelihood(-0.7)
