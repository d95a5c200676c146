import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.judge.intervals import spread
from harness.judge.metric_test import best_lower_if_worse, shown
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict_from_paired

from .builders import metric_of, paired

GATE = (MetricRule("quality", "gate", 0.05),)
differences = st.lists(st.floats(-0.5, 0.5), min_size=5, max_size=30).map(np.array)


def judged(d, margin=0.05, **more):
    before = np.full(len(d), 0.5)
    rules = (MetricRule("quality", "gate", margin),)
    return verdict_from_paired(
        paired({"quality": before + d}, {"quality": before}, **more), Policy(), rules
    )


def test_a_drop_of_exactly_the_margin_is_not_not_worse():
    assert not shown(-0.05, 0.05)
    assert not shown(-0.05 + 1e-12, 0.05), "rounding does not promote"
    assert shown(-0.05 + 1e-6, 0.05)
    verdict = judged(np.full(25, -0.05))
    assert verdict.outcome == "reject"
    assert judged(np.full(25, -0.049)).outcome == "promote"


@pytest.mark.slow
@given(differences)
def test_the_bound_and_the_evidence_are_those_of_a_plain_paired_t_test(d):
    s = spread(d)
    if s.se == 0:
        return
    against_zero = stats.ttest_1samp(d, 0, alternative="less")
    assert s.p_drop == pytest.approx(float(against_zero.pvalue), abs=1e-9)
    low = stats.ttest_1samp(d, 0, alternative="greater").confidence_interval(0.95).low
    assert s.lower(0.05) == pytest.approx(float(low), abs=1e-9)


def test_the_interval_shown_is_two_sided_95_percent():
    d = np.linspace(-0.1, 0.14, 25)
    metric = metric_of(judged(d), "quality")
    low, high = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert (metric.low, metric.high) == (pytest.approx(low), pytest.approx(high))
    assert metric.risk == pytest.approx(
        stats.t.cdf(-(d.mean() + 0.05) / (d.std(ddof=1) / 5), df=24)
    )


def test_cases_of_one_group_count_as_one_observation():
    d = np.repeat(np.array([-0.2, -0.1, 0.0, 0.05, 0.1, 0.2]), 4)
    groups = np.repeat(np.arange(6), 4)
    grouped = spread(d, groups)
    by_group = stats.ttest_1samp(d.reshape(6, 4).mean(axis=1), 0, alternative="less")
    assert grouped.df == 5
    assert grouped.p_drop == pytest.approx(float(by_group.pvalue))
    assert grouped.se > 1.9 * spread(d).se


def test_groups_of_one_case_change_nothing():
    d = np.array([0.1, -0.2, 0.05, 0.0, -0.1, 0.3])
    assert spread(d, np.arange(6)).se == pytest.approx(spread(d).se)


def test_too_few_groups_are_not_judged_however_many_cases_they_hold():
    verdict = judged(np.linspace(-0.01, 0.02, 24), groups=[i // 8 for i in range(24)])
    assert verdict.outcome == "inconclusive"
    assert "3 independent cases" in verdict.reasons[0]


def test_one_lucky_case_does_not_turn_a_drop_within_the_margin_into_a_rejection():
    d = np.full(25, -0.1)
    d[0] = 0.3
    assert spread(d).lower(0.05) < -0.105, "the lucky case widens the interval past the margin"
    assert judged(d, margin=0.105).outcome == "inconclusive"
    d[0] = -0.1
    assert judged(d, margin=0.105).outcome == "promote"


@pytest.mark.slow
@given(differences, st.data())
def test_no_worse_candidate_reaches_a_bound_above_the_best_one(d, data):
    falls = data.draw(st.lists(st.floats(0, 0.5), min_size=len(d), max_size=len(d)))
    best = best_lower_if_worse(d, None, 0.05)
    assert best >= spread(d).lower(0.05) - 1e-9
    assert spread(d - np.array(falls)).lower(0.05) <= best + 1e-6


@pytest.mark.slow
@given(differences, st.floats(-0.5, 0.5))
def test_capping_lucky_cases_never_beats_the_best_bound(d, cap):
    best = best_lower_if_worse(d, None, 0.05)
    assert spread(np.minimum(d, cap)).lower(0.05) <= best + 1e-6
