"""Samples or cases: the advice is computed, and it is right on simulated benchmarks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.metric_pair import MAX_SAMPLES, MetricPair, samples_needed, sampling
from harness.judge.metric_test import shown, students_t
from harness.records import Case, CaseResult, MetricRule, Output, Policy, Run
from tests.judge.rule1.ways import verdict

from .builders import words_of

POLICY = Policy()
MARGIN = 0.05
GATE = (MetricRule("edit_similarity", "gate", MARGIN),)

variances = st.floats(1e-6, 1.0)


@given(variances, variances, variances)
def test_the_fewest_samples_do_and_one_less_does_not(allowed, between, within):
    needed = samples_needed(allowed, between, within)
    if needed is None:
        assert between >= allowed or between + within / MAX_SAMPLES > allowed - 1e-9
        return
    assert between + within / needed <= allowed + 1e-6
    assert needed == 1 or between + within / (needed - 1) > allowed - 1e-6


def drawn(rng, n, samples, between, within, mean=0.0):
    """Differences of a benchmark as it would come out, with what its samples say about noise."""
    true = rng.normal(mean, between, (n, 1))
    d = true + rng.normal(0, within, (n, samples))
    return MetricPair(
        now=d.mean(1), before=np.zeros(n), d=d.mean(1), groups=None, missing=(), samples=samples,
        noise=d.var(1, ddof=1) if samples > 1 else None, own_noise=None,
    )  # fmt: skip


def passes(sides):
    return shown(students_t(sides, MARGIN, POLICY, POLICY.alpha).lower, MARGIN)


def test_the_parts_add_up_to_what_was_simulated():
    rng = np.random.default_rng(0)
    found = [
        sampling(drawn(rng, 30, 4, 0.05, 0.2), MARGIN, POLICY, POLICY.alpha) for _ in range(300)
    ]
    # 0.2^2 / 4 of 0.05^2 + 0.2^2 / 4
    assert np.mean([each.share for each in found]) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("between", "within", "limits"),
    [
        (0.02, 0.35, {"samples", "both"}),
        (0.25, 0.05, {"cases"}),
        (0.25, 1.0, {"samples", "both"}),
        (0.02, 0.02, {"nothing"}),
    ],
)
def test_it_finds_what_limits_a_simulated_benchmark(between, within, limits):
    rng = np.random.default_rng(1)
    found = [
        sampling(drawn(rng, 25, 4, between, within), MARGIN, POLICY, POLICY.alpha).limit
        for _ in range(200)
    ]
    assert sum(limit in limits for limit in found) >= 190


def test_with_as_many_samples_as_advised_an_unchanged_adapter_passes_as_promised():
    """Power 80 % is what was asked for; without the advice it was far below."""
    rng = np.random.default_rng(2)
    before, after = [], []
    for _ in range(400):
        first = drawn(rng, 25, 2, 0.05, 0.25)
        advice = sampling(first, MARGIN, POLICY, POLICY.alpha)
        if advice.limit != "samples":
            continue
        before.append(passes(first))
        after.append(passes(drawn(rng, 25, advice.needed, 0.05, 0.25)))
    assert len(before) >= 200
    assert np.mean(before) < 0.45
    assert np.mean(after) > 0.72


def test_where_cases_limit_it_all_samples_that_can_be_drawn_do_not_help():
    rng = np.random.default_rng(3)
    helped = []
    for _ in range(300):
        advice = sampling(drawn(rng, 25, 4, 0.2, 0.1), MARGIN, POLICY, POLICY.alpha)
        assert advice.limit == "cases"
        helped.append(passes(drawn(rng, 25, MAX_SAMPLES, 0.2, 0.1)))
    assert np.mean(helped) < 0.5


def test_without_several_samples_nothing_is_said():
    one = drawn(np.random.default_rng(4), 25, 1, 0.1, 0.1)
    assert sampling(one, MARGIN, POLICY, POLICY.alpha) is None


def test_differences_that_do_not_vary_are_no_sampling():
    still = MetricPair(np.zeros(5), np.zeros(5), np.zeros(5), None, (), 2, np.zeros(5), np.zeros(5))
    found = sampling(still, MARGIN, POLICY, POLICY.alpha)
    assert (found.share, found.limit, found.deviation) == (0.0, "nothing", 0.0)


# --- in a verdict -------------------------------------------------------------------------------


def several(name, rng, samples, within, between=0.01, n=25):
    """A run of several samples a case, none of them broken."""
    results = []
    for i in range(n):
        scores = np.clip(0.8 + rng.normal(0, between) + rng.normal(0, within, samples), 0.55, 1)
        outputs = tuple(Output(f"c{i}", f"{name} {i} {k}", k) for k in range(samples))
        results.append(
            CaseResult(
                Case(f"c{i}", "in", ("ideal",)),
                outputs,
                {"edit_similarity": float(scores.mean()), "consistency": 0.8 + 0.001 * i},
                sample_scores={"edit_similarity": tuple(map(float, scores))},
            )
        )
    return Run(f"run-{name}", name, "b", "t", "f", tuple(results), True, {"base": "x"})


def both(samples, within, between=0.01):
    rng = np.random.default_rng(23)
    sides = [several(name, rng, samples, within, between) for name in ("v2", "v1")]
    return verdict(*sides, POLICY, metrics=GATE)


def test_the_verdict_names_how_many_samples_would_do():
    found = both(2, 0.15)
    (gate, consistency) = found.metrics
    assert (found.outcome, found.samples) == ("inconclusive", 2)
    assert gate.sampling.limit == "samples"
    assert gate.sampling.share == pytest.approx(0.7, abs=0.01)
    assert gate.sampling.deviation == pytest.approx(0.12, abs=0.01)
    assert f"{gate.sampling.needed} samples a case would do" in found.advice[0]
    assert "from drawing 2 samples a case" in words_of(found)
    assert "from sample to sample of one case (2 drawn): edit similarity ±0.1" in words_of(found)
    assert (consistency.name, consistency.role) == ("consistency", "report")


def test_the_verdict_says_where_samples_are_not_what_limits_it():
    found = both(4, 0.02, between=0.15)
    assert found.metrics[0].sampling.limit == "cases"
    assert "samples are not what limits it: add" in words_of(found)


def test_enough_of_both_is_said_too():
    assert "both are enough for this margin" in words_of(both(4, 0.03))


def test_runs_that_did_not_keep_their_samples_scores_are_judged_as_before():
    rng = np.random.default_rng(6)
    sides = [several(name, rng, 2, 0.15) for name in ("v2", "v1")]
    bare = [
        Run(r.id, r.adapter, "b", "t", "f",
            tuple(CaseResult(c.case, c.outputs, c.scores) for c in r.results), True, {"base": "x"})
        for r in sides
    ]  # fmt: skip
    known, unknown = (verdict(*pair, POLICY, metrics=GATE) for pair in (sides, bare))
    assert unknown.metrics[0].sampling is None
    assert unknown.metrics[0].low == known.metrics[0].low
