"""What must hold for any scores at all, searched by hypothesis."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict, verdict_from_paired

from .builders import case, paired, run
from .test_verdict import plain_numbers

POLICY = Policy()
METRICS = ("edit_similarity", "embedding_similarity", "ideal_likelihood")
ROLES = st.sampled_from(["gate", "gate", "guard", "report"])
SCORE = st.one_of(
    st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]), st.floats(0, 1).map(lambda x: round(x, 3))
)


@st.composite
def benchmarks(draw, most=30):
    """Scores of any shape: far, close, tied, binary, in slices or groups."""
    n = draw(st.integers(5, most))
    metrics = draw(st.sampled_from([METRICS, METRICS[:2], METRICS[:1], ("passes",)]))
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    before = np.round(seed.beta(5, 2, (len(metrics), n)), 2)
    spread = draw(st.sampled_from([0.0, 0.01, 0.05, 0.2]))
    shift = draw(st.sampled_from([-0.2, -0.06, -0.02, 0.0, 0.05]))
    moved = seed.random((1, n)) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    now = before + moved * (shift + spread * seed.standard_normal(before.shape))
    if metrics == ("passes",):
        before, now = np.round(before), np.round(now - 0.1 * seed.random(n))
    count = max(1, n // 5)
    now[:, np.arange(n) % count == 0] += draw(st.sampled_from([0.0, 0.0, -0.1, -0.3]))
    for _ in range(draw(st.integers(0, 3))):
        now[draw(st.integers(0, len(metrics) - 1)), draw(st.integers(0, n - 1))] = draw(SCORE)
    rules = tuple(
        MetricRule(name, draw(ROLES) if i else "gate", draw(st.sampled_from([0.03, 0.05, 0.2])))
        for i, name in enumerate(metrics)
    )
    slices = [[f"a={i % count}"] for i in range(n)]
    if draw(st.booleans()):
        slices = [[*names, f"b={i % 3}"] for i, names in enumerate(slices)]
    groups = [i // 2 for i in range(n)] if draw(st.integers(0, 3)) == 0 else None
    return metrics, np.clip(now, 0, 1), before, rules, slices, groups


def judge(metrics, now, before, rules, slices, groups):
    sides = (dict(zip(metrics, scores, strict=True)) for scores in (now, before))
    return verdict_from_paired(paired(*sides, slices, groups), POLICY, rules)


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(benchmarks(), st.data())
def test_a_worse_score_never_turns_reject_into_promote(benchmark, data):
    metrics, now, *rest = benchmark
    assume(judge(metrics, now, *rest).outcome == "reject")
    worse = now.copy()
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(metrics) - 1))
        j = data.draw(st.integers(0, now.shape[1] - 1))
        worse[i, j] *= data.draw(st.floats(0, 1))
    worse = np.minimum(worse, data.draw(st.sampled_from([1.0, 1.0, 0.9, 0.6])))
    assert judge(metrics, worse, *rest).outcome != "promote"


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(benchmarks())
def test_a_candidate_equal_to_the_promoted_is_never_rejected(benchmark):
    metrics, now, _, *rest = benchmark
    result = judge(metrics, now, now, *rest)
    assert result.outcome != "reject"
    assert result.identical


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(benchmarks())
def test_no_scores_produce_a_number_that_is_none(benchmark):
    result = judge(*benchmark)
    assert all(math.isfinite(value) for value in plain_numbers(result))
    assert result.reasons
    assert result.outcome != "inconclusive" or result.advice


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(benchmarks(most=15), st.randoms(use_true_random=False))
def test_the_order_of_cases_does_not_matter(benchmark, random):
    metrics, now, before, rules, slices, groups = benchmark
    n = now.shape[1]
    cases = [
        case(
            i,
            slices=dict(name.split("=") for name in slices[i]),
            group=None if groups is None else str(groups[i]),
        )
        for i in range(n)
    ]

    def judged(order):
        sides = [
            run(
                name,
                [0.5] * n,
                cases=[cases[i] for i in order],
                **{
                    m: [float(row[i]) for i in order]
                    for m, row in zip(metrics, side, strict=True)
                    if m != "edit_similarity"
                },
            )
            for name, side in (("v2", now), ("v1", before))
        ]
        return verdict(*sides, POLICY, metrics=rules)

    order = list(range(n))
    random.shuffle(order)
    assert judged(order) == judged(range(n))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(benchmarks(), st.data())
def test_missing_scores_never_promote_on_a_gate_and_never_count_as_zero(benchmark, data):
    metrics, now, *rest = benchmark
    gaps = now.copy()
    gaps[0, data.draw(st.integers(0, now.shape[1] - 1))] = np.nan
    result = judge(metrics, gaps, *rest)
    assert result.outcome != "promote"
    assert all(math.isfinite(value) for value in plain_numbers(result))
    gate = next(m for m in result.metrics if m.name == metrics[0])
    present = np.isfinite(gaps[0])
    if gate.candidate is not None:
        assert gate.candidate == pytest.approx(now[0][present].mean())
