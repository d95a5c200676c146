import itertools

import numpy as np
import pytest
from scipy import stats

from harness.judge.intervals import lower_difference, lower_share, mcnemar, upper_share
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict_from_paired

from .builders import metric_of, paired

GATE = (MetricRule("passes", "gate", 0.05),)


def judged(before, now, margin=0.05):
    rules = (MetricRule("passes", "gate", margin),)
    return verdict_from_paired(paired({"passes": now}, {"passes": before}), Policy(), rules)


@pytest.mark.parametrize(("k", "n"), [(0, 25), (1, 25), (3, 30), (25, 25), (9, 100)])
def test_bounds_are_clopper_pearson(k, n):
    exact = stats.binomtest(k, n).proportion_ci(0.90, method="exact")
    assert upper_share(k, n, 0.05) == pytest.approx(exact.high)
    assert lower_share(k, n, 0.05) == pytest.approx(exact.low)


def test_none_of_25_still_leaves_11_percent():
    assert upper_share(0, 25, 0.05) == pytest.approx(1 - 0.05 ** (1 / 25))
    assert f"{upper_share(0, 25, 0.05):.3f}" == "0.113"


@pytest.mark.parametrize(("fell", "rose"), [(0, 0), (0, 4), (6, 0), (8, 1), (3, 3)])
def test_evidence_of_a_drop_is_the_exact_mcnemar_test(fell, rose):
    n = fell + rose
    expected = stats.binomtest(fell, n, 0.5, alternative="greater").pvalue if n else 1.0
    assert mcnemar(fell, rose) == pytest.approx(float(expected))


def test_eight_falls_and_no_rise_reject_without_any_t():
    before, now = np.ones(25), np.ones(25)
    now[:8] = 0
    verdict = judged(before, now)
    assert verdict.outcome == "reject"
    metric = metric_of(verdict, "passes")
    assert metric.p_drop == pytest.approx(0.5**8)
    assert metric.counts == {"rose": 0, "fell": 8, "same": 17}
    assert metric.certifiable_margin == pytest.approx(0.1129, abs=1e-4)


def test_25_cases_cannot_certify_a_margin_of_5_points_and_the_verdict_says_59_are_needed():
    before, now = np.zeros(25), np.zeros(25)
    before[:20] = now[:20] = 1
    now[24] = 1
    verdict = judged(before, now)
    assert verdict.outcome == "inconclusive"
    assert "add 34 cases: 59 needed for this margin (passes)" in verdict.advice
    assert judged(before, now, margin=0.2).outcome == "promote"


@pytest.mark.parametrize("margin", [0.05, 0.1, 0.2])
def test_one_worse_by_the_margin_passes_in_at_most_alpha_whatever_else_changes(margin):
    n = 25
    for risen in (0.0, 0.02, 0.05, 0.1, 0.2, 0.3):
        fallen = risen + margin
        passed = sum(
            stats.multinomial.pmf(
                [fell, rose, n - fell - rose], n, [fallen, risen, 1 - fallen - risen]
            )
            for fell, rose in itertools.product(range(n + 1), repeat=2)
            if fell + rose <= n and lower_difference(fell, rose, n, 0.05) > -margin
        )
        assert passed <= 0.05
