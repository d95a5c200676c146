import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.intervals import holm, risk_by_luck, spent_alpha
from harness.records import Policy
from tests.judge.rule1.ways import verdict

from .builders import EDIT_GATE, LIKELIHOOD_GATE, run, words_of

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def test_holm_steps_down():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.5, 0.9]) == (1.0, 1.0)


@pytest.mark.medium
@given(p_values)
def test_holm_lies_between_no_correction_and_bonferroni(values):
    for p, adjusted in zip(values, holm(values), strict=True):
        assert p <= adjusted <= min(1.0, len(values) * p) + 1e-12


def test_a_proven_drop_of_a_guard_rejects_only_beyond_its_margin():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, 25)
    before = run("v1", [0.8] * 25, [0.5] * 25, embedding_similarity=[0.8] * 25)

    def judged(edit_drop):
        return verdict(
            run(
                "v2",
                list(0.8 - edit_drop + noise),
                [0.5 + 0.01 * (i % 2) for i in range(25)],
                embedding_similarity=list(0.8 + noise),
            ),
            before,
            Policy(),
            metrics=LIKELIHOOD_GATE,
        )

    assert judged(0.02).outcome == "promote"
    rejected = judged(0.08)
    assert rejected.outcome == "reject"
    assert rejected.reasons[0].startswith("edit similarity dropped against v1 (−0.0")


def test_alpha_spent_over_a_series_never_exceeds_alpha():
    policy = Policy(reuse="spend")
    assert spent_alpha(policy, 1) == pytest.approx(6 * 0.05 / math.pi**2)
    assert sum(spent_alpha(policy, j) for j in range(1, 5000)) < 0.05
    assert spent_alpha(Policy(), 7) == 0.05


def test_the_risk_of_luck_grows_with_every_candidate():
    assert risk_by_luck(Policy(), 1) == pytest.approx(0.05)
    assert risk_by_luck(Policy(), 4) == pytest.approx(1 - 0.95**4)
    assert risk_by_luck(Policy(reuse="spend"), 4) < 0.05


def test_the_verdict_says_how_many_candidates_were_judged_and_with_which_alpha():
    sides = (run("v2", [0.81] * 25), run("v1", [0.8] * 25))
    result = verdict(*sides, Policy(), metrics=EDIT_GATE, candidates_judged=4)
    assert "4 candidates were judged" in words_of(result)
    assert "18.5 %" in words_of(result)
    spent = verdict(*sides, Policy(reuse="spend"), metrics=EDIT_GATE, candidates_judged=4)
    assert spent.alpha == pytest.approx(0.0019, abs=1e-5)
    assert (result.alpha, spent.candidates_judged) == (0.05, 4)
