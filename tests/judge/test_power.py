import numpy as np
import pytest
from scipy import stats

from harness.judge.intervals import (
    Spread,
    binary_cases_needed,
    cases_needed,
    certifiable_margin,
    spread,
)
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict_from_paired

from .builders import metric_of, paired

POLICY = Policy()


def test_what_25_cases_can_certify_follows_from_the_spread():
    s = Spread(mean=0.0, se=0.045 / 5, n=25, units=25)
    expected = (stats.t.ppf(0.95, 24) + stats.t.ppf(0.80, 24)) * 0.045 / 5
    assert certifiable_margin(s, 0.05, POLICY) == pytest.approx(expected)
    assert expected < 0.03, "so 25 cases are enough for the default margin of the likelihood"


@pytest.mark.parametrize(
    ("s", "margin", "cases"), [(0.15, 0.05, 56), (0.045, 0.03, 14), (0.3, 0.1, 56)]
)
def test_cases_needed_are_62_s_over_margin_squared(s, margin, cases):
    assert cases_needed(Spread(0.0, s / 5, 25, 25), margin, 0.05, POLICY) == cases


def test_an_unchanged_candidate_passes_its_certifiable_margin_at_the_promised_power():
    rng = np.random.default_rng(5)
    d = rng.normal(0, 0.1, (2000, 25))
    margin = certifiable_margin(Spread(0.0, 0.1 / 5, 25, 25), 0.05, POLICY)
    passed = sum(spread(row).lower(0.05) > -margin for row in d)
    assert passed / 2000 == pytest.approx(0.80, abs=0.04)


def test_59_cases_without_a_fall_show_a_binary_margin_of_5_points():
    assert binary_cases_needed(0.05, 0.05, POLICY) == 59
    assert binary_cases_needed(1.0, 0.05, POLICY) == POLICY.min_cases


def test_too_small_a_benchmark_is_told_how_many_cases_it_lacks():
    d = np.random.default_rng(1).normal(0, 0.2, 25)
    d += -0.01 - d.mean()
    before = np.full(25, 0.49)
    sides = paired({"edit_similarity": before + d}, {"edit_similarity": before})
    verdict = verdict_from_paired(sides, POLICY, (MetricRule("edit_similarity", "gate", 0.05),))
    needed = metric_of(verdict, "edit_similarity").cases_needed
    assert verdict.outcome == "inconclusive"
    assert (
        f"add {needed - 25} cases: {needed} needed for this margin (edit similarity)"
        in verdict.advice
    )
    assert verdict.certifiable_margin == metric_of(verdict, "edit_similarity").certifiable_margin


def test_more_cases_are_not_advised_where_the_drop_itself_is_beyond_the_margin():
    d = np.random.default_rng(1).normal(0, 0.2, 25)
    d += -0.06 - d.mean()
    before = np.full(25, 0.5)
    sides = paired({"quality": before + d}, {"quality": before})
    verdict = verdict_from_paired(sides, POLICY, (MetricRule("quality", "gate", 0.05),))
    assert verdict.outcome == "inconclusive"
    assert not any(step.startswith("add") for step in verdict.advice)
    assert any("the drop is beyond the margin" in step for step in verdict.advice)
