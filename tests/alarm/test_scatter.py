import numpy as np
import pytest
from scipy.stats import betabinom, binom

from harness.alarm.scatter import QUARTER, SCATTERS, Scatter, dispersion, log_likelihood

PRIOR = sum(scatter * chance for scatter, chance in SCATTERS.items())


def learnt(totals, n=50.0, acceptable=0.2):
    """Return the correlation that weeks of n reviews with these sums tell."""
    found = Scatter(acceptable)
    for total in totals:
        found.add(np.array([n]), np.array([float(total)]))
    return float(found.value[0])


def drawn(scatter, weeks=104, rate=0.2, n=50):
    rng = np.random.default_rng(3)
    shares = np.full(weeks, rate)
    if scatter:
        about = 1 / scatter - 1
        shares = rng.beta(rate * about, (1 - rate) * about, weeks)
    return rng.binomial(n, shares, weeks)


@pytest.mark.parametrize("scatter", [0.01, 0.1])
def test_likelihoods_are_those_of_the_beta_binomial(scatter):
    about = 1 / scatter - 1
    k = np.arange(11)
    ours = log_likelihood(k, 10, 0.3, scatter) - log_likelihood(k, 10, 0.2, scatter)
    theirs = [betabinom(10, rate * about, (1 - rate) * about).logpmf(k) for rate in (0.3, 0.2)]
    assert ours == pytest.approx(theirs[0] - theirs[1])


def test_without_scatter_they_are_those_of_the_binomial():
    k = np.arange(11)
    ours = log_likelihood(k, 10, 0.3, 0.0) - log_likelihood(k, 10, 0.2, 0.0)
    assert ours == pytest.approx(binom(10, 0.3).logpmf(k) - binom(10, 0.2).logpmf(k))


@pytest.mark.parametrize("scatter", [0.0, 0.02])
def test_at_the_acceptable_rate_a_week_adds_nothing_on_average(scatter):
    k = np.arange(13)
    under = log_likelihood(k, 12, 0.2, scatter)
    chances = np.exp(under) * [np.prod(np.arange(12, 12 - i, -1) / np.arange(1, i + 1)) for i in k]
    assert chances.sum() == pytest.approx(1)
    ratios = np.exp(log_likelihood(k, 12, 0.3, scatter) - under)
    assert (chances * ratios).sum() == pytest.approx(1)


def test_before_any_week_it_is_what_is_usual():
    assert learnt([]) == pytest.approx(PRIOR)


def test_weeks_that_differ_by_chance_tell_that_there_is_none():
    assert learnt(drawn(0.0)) < 0.002


@pytest.mark.parametrize("scatter", [0.02, 0.04])
def test_weeks_that_scatter_tell_by_how_much(scatter):
    assert learnt(drawn(scatter)) == pytest.approx(scatter, abs=0.01)


def test_a_mean_far_from_the_declared_rate_is_no_scatter():
    assert learnt(drawn(0.0, rate=0.08)) < 0.002
    assert learnt(drawn(0.0, rate=0.45)) < 0.002


def test_a_rate_that_moved_from_one_quarter_to_the_next_is_no_scatter():
    assert learnt([10] * QUARTER + [16] * QUARTER) < 0.002


def test_more_even_than_chance_is_no_less_than_no_scatter():
    assert 0 <= learnt([10] * 52) < 0.002


def test_the_dispersion_of_a_week_grows_with_its_reviews():
    assert dispersion(1, 0.02) == 1
    assert dispersion(51, 0.02) == pytest.approx(2)
