"""The outcome, clause by clause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge.rule2.decide import decide
from tests.judge.rule2.make import noise, sent, trial


def outcome(*args, **more) -> tuple[str, list[str]]:
    found = decide(trial(*args, **more))
    return found.outcome, sorted({one.kind for one in found.causes})


FINE, UNSURE = noise(25, 0.03), noise(25, 0.09) - 0.005


def with_falls(*falls: float, width: float = 0.01) -> np.ndarray:
    d = noise(25, width)
    d[: len(falls)] = falls
    return d


def test_an_unchanged_adapter_is_promoted_on_the_cases_alone() -> None:
    assert outcome(FINE) == ("promote", [])


@pytest.mark.parametrize("mean", [-0.06, -0.1])
def test_a_drop_beyond_the_margin_rejects(mean: float) -> None:
    assert outcome(FINE + mean) == ("reject", ["dropped"])


def test_one_collapsed_case_waits_for_a_person_and_two_reject() -> None:
    assert outcome(with_falls(-0.3) + 0.012) == ("inconclusive", ["uncovered"])
    accepted = {"accepted": frozenset({"case-000"})}
    assert outcome(with_falls(-0.3) + 0.012, more=accepted)[0] == "promote"
    assert "collapsed" in outcome(with_falls(-0.3, -0.3))[1]


def test_a_critical_case_that_collapsed_rejects_alone() -> None:
    assert outcome(with_falls(-0.3), critical=[0])[0] == "reject"


def test_the_pinned_adapter_counts_with_the_same_margin() -> None:
    assert outcome(FINE, pinned=FINE - 0.08) == ("reject", ["dropped"])


def test_the_base_is_not_promoted_where_likelihoods_are_small() -> None:
    """Promoted .065, base .045: the declared margin of .03 is more than the whole gain."""
    for level in (0.065, 0.5):
        base = noise(25, 0.004) - 0.016
        assert outcome(base, level=level)[0] == "promote"
        assert outcome(base, level=level, base=0.016)[0] == "reject"
        assert outcome(0.05 * base, level=level, base=0.016)[0] == "promote"
        assert outcome(0.95 * base, level=level, base=0.016)[0] == "reject"


def test_an_adapter_promoted_without_gain_hands_its_place_to_one_better_than_the_base() -> None:
    assert outcome(FINE + 0.05, base=-0.01)[0] == "promote"
    assert outcome(FINE, base=-0.01) == ("inconclusive", ["not better"])
    assert outcome(FINE - 0.03, base=-0.01)[0] == "reject"


def test_a_reserve_is_only_used_while_the_verdict_is_open() -> None:
    assert decide(trial(FINE, noise(30, 0.03, 2))).look.reserve == 0
    found = decide(trial(UNSURE, noise(30, 0.03, 2) + 0.01))
    assert (found.outcome, found.look.reserve, found.looks) == ("promote", 10, 2) or (
        found.outcome,
        found.look.reserve,
        found.looks,
    ) == ("promote", 30, 3)
    assert outcome(UNSURE)[0] == "inconclusive"


def test_a_reserve_can_reject() -> None:
    assert outcome(UNSURE, noise(30, 0.03, 2) - 0.1)[0] == "reject"


def test_order_of_the_reserve_matters_and_only_its_beginning_is_used() -> None:
    late = np.concatenate([noise(10, 0.01, 2) + 0.02, np.full(20, -0.5)])
    found = decide(trial(noise(25, 0.062) - 0.003, late))
    assert (found.outcome, found.look.reserve) == ("promote", 10)


def test_finals_promote_what_the_cases_leave_open() -> None:
    found = decide(trial(UNSURE, finals=sent(noise(200, 0.03))))
    assert (found.outcome, found.by_finals) == ("promote", True)


def test_collapsed_finals_reject_what_the_cases_promote() -> None:
    x = noise(200, 0.03)
    x[[3, 50, 120, 150, 190]] = -0.4
    assert outcome(FINE, finals=sent(x)) == ("reject", ["finals"])


def test_the_mean_of_finals_never_rejects() -> None:
    """They lean on what the promoted adapter wrote: a re-seed scores up to -.041 on them."""
    assert outcome(FINE, finals=sent(noise(200, 0.03) - 0.041))[0] == "promote"
    assert outcome(FINE, finals=sent(noise(200, 0.03) - 0.1)) == ("inconclusive", ["finals lean"])


def test_two_collapsed_finals_hold_promotion_back() -> None:
    x = noise(200, 0.03)
    x[[150, 190]] = -0.4
    assert outcome(FINE, finals=sent(x)) == ("inconclusive", ["finals collapsed"])


def test_one_collapsed_case_is_borne_if_no_final_collapsed() -> None:
    case = with_falls(-0.3)
    assert outcome(case, finals=sent(noise(200, 0.02) + 0.002))[0] == "promote"
    x = noise(200, 0.02) + 0.002
    x[3] = -0.4
    assert outcome(case, finals=sent(x))[0] == "inconclusive"


def test_a_voice_that_moved_is_a_question_and_no_rejection() -> None:
    x = noise(200, 0.03)
    x[:8] = -0.4
    assert outcome(FINE, finals=sent(x)) == ("inconclusive", ["voice"])


def test_fewer_than_a_hundred_finals_decide_nothing() -> None:
    x = noise(99, 0.03)
    x[:20] = -0.4
    assert outcome(FINE, finals=sent(x)) == ("promote", [])


def test_a_rejection_by_cases_stands_against_any_finals() -> None:
    assert outcome(FINE - 0.1, finals=sent(noise(200, 0.03)))[0] == "reject"


def test_a_partial_run_never_promotes() -> None:
    assert outcome(FINE, more={"complete": False}) == ("inconclusive", ["partial"])


def test_identical_scores_promote() -> None:
    assert outcome(np.zeros(25)) == ("promote", [])


def test_too_few_cases_are_not_judged() -> None:
    assert outcome(np.zeros(4)) == ("inconclusive", ["few"])


def test_a_rejection_that_lucky_cases_brought_about_is_not_final() -> None:
    """Without its luck the candidate had been promoted before the reserve was looked at."""
    d = np.full(25, 0.0)
    d[0] = 0.39
    further = np.concatenate([noise(10, 0.001), np.full(20, -0.3)])
    d[1:] = noise(24, 0.004) - 0.004
    assert outcome(np.minimum(d, 0.0), further)[0] == "promote"
    assert outcome(d, further)[0] != "reject"


def test_spending_alpha_reaches_every_level() -> None:
    given = trial(noise(25, 0.06), noise(30, 0.06, 2))
    assert decide(given).look.levels.alpha == 0.02
    assert decide(replace(given, alpha=given.alpha / 2)).look.levels.alpha in (0.01, 0.015)


def test_a_lucky_outlier_may_hold_promotion_back_but_never_brings_a_rejection_to_nothing() -> None:
    """Under any t: a case that rose far widens the scatter, and falls out of it again."""
    d = noise(25, 0.05) - 0.011
    d[0] = 0.0
    lucky = d.copy()
    lucky[0] = 0.5
    assert decide(trial(d, level=0.45)).outcome == "promote"
    assert decide(trial(lucky, level=0.45)).outcome == "inconclusive"
