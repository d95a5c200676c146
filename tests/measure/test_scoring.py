"""A case is scored on its best ideal, over all samples; what is missing is None."""

import math

import numpy as np
import pytest

from harness.errors import DataError, RequestError
from harness.measure import METRICS, score_case
from harness.records import Case, Check, Output

CASE = Case("c-1", "greet", ("Hi there Ana", "Hello Ana"))


def one(text, **known):
    return (Output("c-1", text, **known),)


def test_the_best_of_several_ideals_counts_and_is_recorded():
    result = score_case(CASE, one("Hello Ana"), None, ("edit_similarity", "edit_rate"))
    assert result.scores == {"edit_similarity": 1.0, "edit_rate": 0.0}
    assert result.best_ideals == {"edit_similarity": 1, "edit_rate": 1}


def test_of_equal_ideals_the_first_is_recorded():
    twins = Case("c-1", "greet", ("same", "same"))
    result = score_case(twins, one("other"), [[0.5, 0.5]], tuple(METRICS))
    assert set(result.best_ideals.values()) == {0}


def test_metrics_may_prefer_different_ideals():
    result = score_case(
        CASE,
        one("Hi there Bob", ideal_nlls=(2.0, 0.5)),
        [[0.1, 0.9]],
        ("edit_similarity", "embedding_similarity", "ideal_likelihood"),
    )
    assert result.best_ideals == {
        "edit_similarity": 0,
        "embedding_similarity": 1,
        "ideal_likelihood": 1,
    }
    assert result.scores["ideal_likelihood"] == pytest.approx(math.exp(-0.5))


def test_missing_is_none_and_never_zero():
    result = score_case(CASE, one("Hello Ana"), None, tuple(METRICS))
    for name in ("embedding_similarity", "ideal_likelihood", "consistency"):
        assert result.scores[name] is None
        assert name not in result.best_ideals


def test_a_likelihood_that_is_known_for_one_ideal_only_is_used():
    result = score_case(CASE, one("x", ideal_nlls=(None, 0.0)), None, ("ideal_likelihood",))
    assert result.scores["ideal_likelihood"] == 1.0
    assert result.best_ideals["ideal_likelihood"] == 1


def test_samples_are_averaged():
    samples = (*one("Hello Ana", ideal_nlls=(1.0, 1.0)), Output("c-1", "x y z w", sample=1))
    result = score_case(
        CASE,
        samples,
        [[0, 1], [0, 0.5]],
        ("clean_rate", "embedding_similarity", "ideal_likelihood", "consistency"),
    )
    assert result.scores["clean_rate"] == 0.5
    assert result.scores["embedding_similarity"] == 0.75
    assert result.scores["ideal_likelihood"] == pytest.approx(math.exp(-1))
    assert 0 <= result.scores["consistency"] < 1


def test_each_samples_own_scores_are_kept_beside_their_mean():
    samples = (Output("c-1", "Hello Ana", 0), Output("c-1", "nothing alike", 1))
    result = score_case(CASE, samples, None, ("edit_similarity", "consistency", "ideal_likelihood"))
    first, second = result.sample_scores["edit_similarity"]
    assert (first, (first + second) / 2) == (1.0, result.scores["edit_similarity"])
    assert set(result.sample_scores) == {"edit_similarity"}, "what no sample has alone is not there"
    assert score_case(CASE, samples[:1], None, ("edit_similarity",)).sample_scores == {}


def test_a_sample_without_a_vector_makes_the_mean_missing():
    samples = (*one("a"), Output("c-1", "b", sample=1))
    result = score_case(CASE, samples, [[1, 1], None], ("embedding_similarity",))
    assert result.scores["embedding_similarity"] is None


def test_a_case_without_outputs_has_no_scores():
    result = score_case(CASE, (), None, ("edit_similarity", "consistency"))
    assert result.scores == {"edit_similarity": None, "consistency": None}


def test_one_failing_sample_fails_the_check():
    case = Case("c-1", "greet", ("Hi",), checks=(Check("contains", ("Hi",)),))
    result = score_case(case, (*one("Hi"), Output("c-1", "Yo", sample=1)), None, ())
    assert [(c.passed, c.message) for c in result.checks] == [
        (False, 'sample 2: does not contain "Hi"')
    ]
    assert result.failed_musts == result.checks


def test_a_user_metric_sees_output_and_case():
    def politeness(text, case):
        return np.float32(text.startswith("Hello") and case.id == "c-1")

    result = score_case(CASE, one("Hello"), None, ("politeness",), {"politeness": politeness})
    assert result.scores == {"politeness": 1.0}
    assert type(result.scores["politeness"]) is float


@pytest.mark.parametrize("answer", [True, math.nan, math.inf, -0.1, 1.0000001, 90, "0.9", None])
def test_a_user_metric_outside_0_to_1_is_refused_by_name_and_case(answer):
    with pytest.raises(DataError, match=r"'mine' .* c-1.*0\.\.1"):
        score_case(CASE, one("x"), None, ("mine",), {"mine": lambda text, case: answer})


def test_a_user_metric_that_fails_is_named_in_one_line():
    def broken(text, case):
        raise KeyError("no\nsuch key")

    with pytest.raises(DataError, match="metric 'mine' failed on case c-1: KeyError") as caught:
        score_case(CASE, one("x"), None, ("mine",), {"mine": broken})
    assert "\n" not in str(caught.value)


def test_an_unknown_metric_is_refused_with_the_known_ones():
    with pytest.raises(RequestError, match="unknown metric 'bleu'; known are edit_similarity"):
        score_case(CASE, one("x"), None, ("bleu",))


def test_likelihoods_that_do_not_fit_the_ideals_are_refused():
    with pytest.raises(DataError, match="case c-1: 1 likelihoods for 2 ideals"):
        score_case(CASE, one("x", ideal_nlls=(0.5,)), None, ("ideal_likelihood",))
    with pytest.raises(DataError, match="case c-1: the mean token NLL"):
        score_case(CASE, one("x", ideal_nlls=(-3.0, 1.0)), None, ("ideal_likelihood",))
