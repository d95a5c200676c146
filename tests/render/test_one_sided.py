"""The interval that a chart draws agrees with what decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge import verdict
from harness.records import MetricRule, MetricVerdict, Policy, Verdict
from harness.render.one_sided import one_sided
from tests.judge.builders import run

GATE = (MetricRule("ideal_likelihood", "gate", 0.03),)


def judged(mean: float, width: float, n: int = 25, seed: int = 1, **more: object) -> Verdict:
    chance = np.random.default_rng(seed)
    before = chance.uniform(0.4, 0.6, n)
    change = chance.normal(0, width, n)
    now = before + change - change.mean() + mean
    edits = [0.9] * n
    return verdict(
        run("v2", edits, now.tolist()), run("v1", edits, before.tolist()), Policy(), metrics=GATE
    )


def gate(found: Verdict) -> MetricVerdict:
    return next(metric for metric in found.metrics if metric.name == "ideal_likelihood")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("mean", "width"), [(0.0, 0.03), (-0.01, 0.06), (0.05, 0.04), (0.0, 0.1)])
def test_it_ends_where_the_judge_looked(seed: int, mean: float, width: float) -> None:
    found = judged(mean, width, n=8 + 4 * seed, seed=seed)
    assert found.own_cases is not None
    ends = one_sided(gate(found), found.alpha)
    assert ends == (pytest.approx(found.own_cases.low, abs=1e-6), None)


@pytest.mark.medium
def test_not_worse_stays_within_the_margin_where_the_two_sided_interval_crosses_it() -> None:
    crossing = 0
    for seed in range(40):
        metric = gate(judged(-0.008, 0.062, seed=seed))
        ends = one_sided(metric, 0.05)
        assert ends is not None and ends[0] is not None and metric.low is not None
        assert (ends[0] >= -0.03) == (metric.state in ("not worse", "better"))
        crossing += metric.state == "not worse" and metric.low < -0.03
    assert crossing, "no scene showed the contradiction that this is about"


def test_a_proven_drop_is_open_to_the_worse_side_and_ends_below_zero() -> None:
    metric = gate(judged(-0.08, 0.03))
    assert metric.state == "worse"
    low, high = one_sided(metric, 0.05) or (0.0, 0.0)
    assert low is None
    assert high is not None and high < 0 and metric.high is not None and high < metric.high


def test_of_an_error_metric_less_is_the_better_side() -> None:
    metric = gate(judged(-0.01, 0.04))
    assert metric.difference is not None and metric.low is not None and metric.high is not None
    error = replace(
        metric,
        name="edit_rate",
        difference=-metric.difference,
        low=-metric.high,
        high=-metric.low,
    )
    (low, _), turned = one_sided(metric, 0.05) or (None, None), one_sided(error, 0.05)
    assert low is not None
    assert turned == (None, pytest.approx(-low))


@pytest.mark.parametrize(
    "bare",
    [{"margin": None}, {"low": None}, {"difference": None}, {"state": "identical"}],
)
def test_where_no_one_sided_rule_decided_there_is_none(bare: dict[str, object]) -> None:
    metric = gate(judged(0.0, 0.03))
    assert one_sided(replace(metric, **bare), 0.05) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["not worse", "better", "open", "worse"])
def test_what_the_verdict_says_holds_for_bounds_of_exact_counts_too(state: str) -> None:
    """Yes-or-no metrics have no risk, and intervals that are not those of Student's t."""
    mean = {"not worse": -0.02, "better": 0.04, "open": -0.02, "worse": -0.1}[state]
    metric = MetricVerdict(
        *("clean_rate", "guard", "promoted", 0.05, 0.8, 0.8 + mean, mean, mean - 0.3, mean + 0.3),
        *(0.4, state, 25, 4),
    )  # type: ignore[arg-type]
    low, high = one_sided(metric, 0.05) or (None, None)
    if state == "worse":
        assert low is None and high is not None and mean <= high <= 0
    else:
        assert high is None and low is not None
        inside = {"not worse": low >= -0.05, "better": low >= 0, "open": low <= -0.05}
        assert inside[state]
