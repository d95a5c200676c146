import math
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from harness.errors import DataError
from harness.records import Policy, Verdict
from tests.judge.rule1.ways import verdict

from .builders import EDIT_GATE, LIKELIHOOD_GATE, case, metric_of, run, words_of

POLICY = Policy()
N = 25
RNG = np.random.default_rng(0)
EDIT = list(0.6 + 0.3 * RNG.random(N))
LIKELIHOOD = list(0.3 + 0.3 * RNG.random(N))


def candidate(name="v2", edit=0.0, likelihood=0.0, spread=0.01, **more):
    noise = np.random.default_rng(1).normal(0, spread, N)
    noise -= noise.mean()
    return run(name, list(EDIT + noise + edit), list(LIKELIHOOD + noise + likelihood), **more)


def judged(side, reference=None, **more):
    return verdict(
        side, reference or run("v1", EDIT, LIKELIHOOD), POLICY, metrics=LIKELIHOOD_GATE, **more
    )


def test_a_candidate_that_holds_is_promoted_and_the_reasons_say_what_was_shown():
    result = judged(candidate(likelihood=0.002))
    assert result.outcome == "promote"
    assert result.reasons[0].startswith("ideal likelihood is not worse than with v1: +0.002")
    assert "(margin 0.03)" in result.reasons[0]
    assert result.reasons[1] == "0 of 25 cases broke"
    assert "0 of 25 broke: up to 11.3 % could break in production" in result.notes
    assert not result.advice


def test_a_clear_drop_is_rejected_with_its_chance():
    result = judged(candidate(likelihood=-0.06))
    assert result.outcome == "reject"
    assert result.reasons[0].startswith("ideal likelihood dropped against v1 (−0.06)")
    assert metric_of(result, "ideal_likelihood").state == "worse"


def test_an_unclear_difference_is_inconclusive_and_says_what_is_still_possible():
    result = judged(candidate(likelihood=-0.01, spread=0.08))
    assert result.outcome == "inconclusive"
    assert "a drop of 0.03" in result.reasons[0]
    assert metric_of(result, "ideal_likelihood").state == "open"


def test_the_promoted_adapter_against_itself_is_identical():
    promoted = run("v1", EDIT, LIKELIHOOD)
    result = judged(promoted, promoted)
    assert (result.outcome, result.identical) == ("promote", True)
    assert result.reasons == ("identical: every output equals that of v1",)
    assert "judged against itself" in result.advice[0]


def test_another_adapter_with_identical_outputs_must_be_shown_to_be_applied():
    texts = ["same"] * N
    result = judged(
        run("v2", EDIT, LIKELIHOOD, texts=texts), run("v1", EDIT, LIKELIHOOD, texts=texts)
    )
    assert result.identical
    assert result.advice == (
        "make sure that the adapter is applied at all: lora-harness doctor v2",
    )


def test_equal_texts_with_other_likelihoods_are_not_identical():
    texts = ["same"] * N
    result = judged(candidate(texts=texts), run("v1", EDIT, LIKELIHOOD, texts=texts))
    assert not result.identical


def test_the_pinned_adapter_stops_a_slow_slide():
    pinned = candidate("v0", likelihood=0.05)
    result = judged(candidate(likelihood=0.0), pinned=pinned)
    assert result.outcome == "inconclusive", "not promoted, though no worse than the promoted one"
    assert "with v0" in result.reasons[0]
    assert metric_of(result, "ideal_likelihood", "pinned").state == "worse"
    assert judged(candidate(), pinned=candidate("v0", likelihood=0.001)).outcome == "promote"


def test_a_pinned_adapter_that_is_the_promoted_one_is_asked_once():
    promoted = run("v1", EDIT, LIKELIHOOD)
    result = judged(candidate(), promoted, pinned=promoted)
    assert {metric.against for metric in result.metrics} == {"promoted"}
    assert (result.pinned, result.runs["pinned"]) == ("v1", "run-v1")


def test_a_must_check_that_passed_before_and_fails_now_rejects():
    before = run("v1", EDIT, LIKELIHOOD, checked="json")
    result = judged(candidate(checked="json", failing={4: "json"}), before)
    assert result.outcome == "reject"
    assert result.reasons[0] == "case-04 (json): must hold, does not, and did with v1"


def test_a_must_check_that_always_failed_does_not():
    before = run("v1", EDIT, LIKELIHOOD, checked="json", failing={4: "json"})
    assert judged(candidate(checked="json", failing={4: "json"}), before).outcome == "promote"


def test_a_guard_benchmark_that_rejects_takes_the_task_with_it():
    guard = Verdict(
        "reject", None, "general", "f", "v2", "v1", None, 20, ("4 of 20 cases broke (a, b)",)
    )
    result = judged(candidate(), guards=(guard,))
    assert result.outcome == "reject"
    assert result.reasons == ("guard benchmark general rejects: 4 of 20 cases broke (a, b)",)
    assert result.guards == (guard,)


def test_a_guard_benchmark_that_is_open_does_not_hold_promotion():
    guard = Verdict("inconclusive", None, "general", "f", "v2", "v1", None, 20, ("open",))
    assert judged(candidate(), guards=(guard,)).outcome == "promote"


def test_facts_reject_however_few_cases_there_are():
    cases = [case(i, critical=True) for i in range(3)]
    before = run("v1", [0.9] * 3, cases=cases)
    broke = verdict(run("v2", [0.9, 0.9, 0.1], cases=cases), before, POLICY, metrics=EDIT_GATE)
    assert broke.outcome == "reject"
    fell = verdict(run("v2", [0.6, 0.6, 0.6], cases=cases), before, POLICY, metrics=EDIT_GATE)
    assert fell.outcome == "inconclusive"
    assert "add at least 2 cases" in words_of(fell)


def test_a_metric_that_moved_in_fewer_than_five_cases_is_reported_as_counts():
    now = list(EDIT)
    now[3] -= 0.02
    now[4] += 0.1
    result = verdict(run("v2", now), run("v1", EDIT), POLICY, metrics=EDIT_GATE)
    metric = metric_of(result, "edit_similarity")
    assert metric.counts == {"rose": 1, "fell": 1, "same": 23}
    assert (metric.low, metric.high, metric.p_drop) == (None, None, None)
    assert (result.outcome, metric.state) == ("promote", "not worse")
    now[3] -= 0.35
    waiting = verdict(run("v2", now), run("v1", EDIT), POLICY, metrics=EDIT_GATE)
    assert waiting.outcome == "inconclusive"
    assert "rose in 1 and fell in 1 of 25 cases" in waiting.reasons[0]


def test_a_score_that_is_no_score_is_refused_with_its_case():
    with pytest.raises(DataError, match="case 'case-02': edit_similarity is nan"):
        verdict(run("v2", [0.5, 0.5, math.nan]), run("v1", [0.5] * 3), POLICY)


def test_without_rules_the_metrics_say_what_they_count_for():
    result = verdict(candidate(), run("v1", EDIT, LIKELIHOOD), POLICY)
    assert [(m.name, m.role) for m in result.metrics] == [
        ("ideal_likelihood", "gate"),
        ("edit_similarity", "guard"),
    ]


def test_a_verdict_says_everything_that_made_it():
    result = judged(candidate(), pinned=candidate("v0"), candidates_judged=3)
    assert (result.task, result.benchmark, result.fingerprint) == ("outreach", "outreach", "9f3c1a")
    assert result.runs == {"candidate": "run-v2", "promoted": "run-v1", "pinned": "run-v0"}
    assert (result.policy, result.candidates_judged, result.alpha) == (POLICY, 3, 0.05)


def test_the_same_runs_give_the_same_verdict_to_the_last_bit():
    cases = [case(i, slices={"a": str(i % 3), "b": str(i % 4)}) for i in range(N)]
    sides = (candidate(cases=cases), run("v1", EDIT, LIKELIHOOD, cases=cases))
    assert repr(judged(*sides)) == repr(judged(*sides))


def test_words_and_numbers_that_changed_are_told():
    before = run("v1", EDIT, LIKELIHOOD, texts=["Hi Ana, 80 trucks"] * N)
    result = judged(candidate(texts=["Dear Ana, 81 trucks"] * N), before)
    assert "words that appeared: dear (in 25)" in result.notes
    assert "numbers that vanished: 80 (in 25)" in result.notes


def plain_numbers(value):
    """Every float in a record, however deep."""
    if isinstance(value, float):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from plain_numbers(getattr(value, field.name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from plain_numbers(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from plain_numbers(each)
