"""Not worse within strata, dropped by the plain scatter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from harness.judge.rule2.levels import alone
from harness.judge.rule2.score_test import score_test
from harness.judge.rule2.units import strata_of
from harness.records import MetricRule
from tests.judge.rule2.make import LIKELIHOOD, POLICY, noise, pair

LEVELS = alone(POLICY, 0.05)


def answered(d, role="gate", margin=0.03, slices=None, level=0.6, bare=False):
    paired = pair(d, slices=slices, level=level)
    rule = MetricRule(LIKELIHOOD, role, margin)
    return score_test(paired, rule, "promoted", POLICY, LEVELS, strata_of(paired), bare=bare)


def test_bounds_are_those_of_students_t() -> None:
    d = noise(25, 0.04) - 0.01
    found = answered(d)
    se = d.std(ddof=1) / 5
    assert found.answer.lower == pytest.approx(-0.01 - t.ppf(0.95, 24) * se)
    assert found.answer.p_drop == pytest.approx(ttest_1samp(d, 0, alternative="less").pvalue)


def test_strata_narrow_the_bound_and_not_the_drop() -> None:
    kinds = np.arange(25) % 5
    d = noise(25, 0.02) + 0.05 * (kinds - 2)
    apart = answered(d, slices=[[f"kind={k}"] for k in kinds])
    assert apart.answer.lower > answered(d).answer.lower
    assert apart.answer.p_drop == answered(d).answer.p_drop


@pytest.mark.parametrize(("mean", "dropped"), [(-0.05, True), (-0.014, False), (-0.02, False)])
def test_a_drop_rejects_from_half_of_the_margin_where_not_worse_is_not_shown(mean, dropped) -> None:
    assert answered(noise(25, 0.01) + mean).dropped is dropped


def test_a_guard_metric_rejects_below_its_margin_only() -> None:
    assert answered(noise(25, 0.01) - 0.04, "guard", 0.05).dropped is False
    assert answered(noise(25, 0.01) - 0.06, "guard", 0.05).dropped is True


def test_without_a_usable_margin_any_proven_drop_rejects() -> None:
    assert answered(noise(25, 0.01) - 0.012, bare=True).dropped is True


def test_no_scatter_leaves_the_sign_to_decide() -> None:
    assert answered(np.full(25, -0.029)).not_worse
    assert not answered(np.full(25, -0.031)).not_worse


def test_scores_of_zero_and_one_never_take_t() -> None:
    before = np.ones(25)
    d = np.zeros(25)
    d[0] = -1.0
    found = answered(d, level=1.0)
    assert before.all()
    assert found.way == "binary"
