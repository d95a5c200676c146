import numpy as np
import pytest
from scipy import stats

from harness.judge.breakage import coverable, most_broken
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict

from .builders import EDIT_GATE, LIKELIHOOD_GATE, case, run, words_of

POLICY = Policy()
N = 25
BEFORE = [0.9] * N


def scores(**changed):
    values = list(BEFORE)
    for key, value in changed.items():
        values[int(key[1:])] = value
    return values


@pytest.mark.parametrize(("n", "k"), [(20, 4), (25, 4), (30, 5), (100, 9)])
def test_too_many_broken_is_4_of_25_5_of_30_and_9_of_100(n, k):
    assert most_broken(n, POLICY) == k
    assert stats.binom.sf(k - 1, n, 0.04) <= 0.02 < stats.binom.sf(k - 2, n, 0.04)


@pytest.mark.parametrize(
    ("n", "k"), [(5, 0), (45, 0), (46, 1), (60, 1), (61, 2), (75, 2), (76, 3), (88, 3), (89, 4)]
)
def test_one_broken_case_is_covered_from_46_cases_on(n, k):
    assert coverable(n, 0.05, POLICY) == k


@pytest.mark.parametrize(
    ("before", "now", "broke"),
    [
        (0.5, 0.2, True),
        (0.49, 0.1, False),
        (0.8, 0.5, False),
        (0.8, 0.49, True),
        (0.7, 0.41, False),
        (0.75, 0.45, True),
    ],
)
def test_broken_means_right_before_wrong_now_and_by_03(before, now, broke):
    result = verdict(
        run("v2", scores(c3=now)), run("v1", scores(c3=before)), POLICY, metrics=EDIT_GATE
    )
    assert [change.case for change in result.broken] == (["case-03"] if broke else [])


def test_another_wording_is_shown_but_not_counted_while_the_ideal_stays_as_likely():
    likelihood = [0.5] * N
    held, fell = list(likelihood), list(likelihood)
    held[3], fell[3] = 0.46, 0.45
    before = run("v1", BEFORE, likelihood)
    kept = verdict(run("v2", scores(c3=0.1), held), before, POLICY, metrics=LIKELIHOOD_GATE)
    assert (kept.broken, [c.case for c in kept.reworded]) == ((), ["case-03"])
    assert "another wording, but the ideal is as likely as before: case-03" in kept.notes
    lost = verdict(run("v2", scores(c3=0.1), fell), before, POLICY, metrics=LIKELIHOOD_GATE)
    assert [c.case for c in lost.broken] == ["case-03"]


def test_four_broken_of_25_reject_though_the_rest_improved():
    now = [0.97] * N
    now[3:7] = [0.45] * 4
    result = verdict(run("v2", now), run("v1", BEFORE), POLICY, metrics=EDIT_GATE)
    assert result.outcome == "reject"
    assert any("4 of 25 cases broke" in reason for reason in result.reasons)


def test_a_broken_case_holds_promotion_until_a_person_accepts_it():
    now = [value + 0.05 for value in BEFORE]
    now[7] = 0.3
    sides = (run("v2", now), run("v1", BEFORE), Policy())
    rules = (MetricRule("edit_similarity", "gate", 0.1),)
    waiting = verdict(*sides, metrics=rules)
    assert waiting.outcome == "inconclusive"
    assert waiting.advice[0].startswith("look at case case-07 and accept it")
    accepted = verdict(*sides, metrics=rules, accepted={"case-07": "Ana: fine, shorter"})
    assert accepted.outcome == "promote"
    assert accepted.broken[0].accepted == "Ana: fine, shorter"
    assert "accepted" in words_of(accepted)


def test_accepting_a_case_that_did_not_break_changes_nothing():
    sides = (run("v2", [0.91] * N), run("v1", BEFORE), POLICY)
    plain = verdict(*sides, metrics=EDIT_GATE)
    assert verdict(*sides, metrics=EDIT_GATE, accepted={"case-01": "Ana", "other": "Bo"}) == plain


def test_a_critical_case_that_broke_rejects_even_when_accepted():
    cases = [case(i, critical=i == 7) for i in range(N)]
    now = [0.95] * N
    now[7] = 0.3
    result = verdict(
        run("v2", now, cases=cases),
        run("v1", BEFORE, cases=cases),
        POLICY,
        metrics=EDIT_GATE,
        accepted={"case-07": "Ana"},
    )
    assert result.outcome == "reject"
    assert result.reasons[0] == "a critical case broke: case-07"


def test_better_everywhere_may_break_as_many_as_it_fixes():
    before = [0.4] + [0.7] * (N - 1)
    rng = np.random.default_rng(0)
    now = [0.95, 0.3, *(0.85 + 0.1 * rng.random(N - 2))]
    result = verdict(run("v2", now), run("v1", before), POLICY, metrics=EDIT_GATE)
    assert (len(result.broken), len(result.fixed)) == (1, 1)
    assert result.outcome == "promote"
    assert "fixed 1" in words_of(result)


def test_a_broken_case_carries_its_ideal_and_both_texts():
    texts = [f"good {i}" for i in range(N)]
    now = ["bad" if i == 3 else text for i, text in enumerate(texts)]
    result = verdict(
        run("v2", scores(c3=0.1), texts=now),
        run("v1", BEFORE, texts=texts),
        POLICY,
        metrics=EDIT_GATE,
    )
    (broken,) = result.broken
    assert (broken.ideal, broken.reference_text, broken.candidate_text) == (
        "ideal of case-03",
        "good 3",
        "bad",
    )
    assert (broken.reference_score, broken.candidate_score) == (0.9, 0.1)


def test_without_edit_similarity_the_gate_tells_what_broke():
    sides = [run(name, [None] * N, [0.9] * N) for name in ("v2", "v1")]
    result = verdict(*sides, POLICY, metrics=LIKELIHOOD_GATE[:1])
    assert "there is no edit similarity, so ideal likelihood tells what broke" in result.notes
