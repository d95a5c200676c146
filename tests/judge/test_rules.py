import pytest

from harness.errors import BenchmarkError
from harness.judge import default_rules, effective_rules
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict

from .builders import LIKELIHOOD_GATE, run, words_of

N = 25
SAME = [0.8] * N


def as_dict(rules):
    return {rule.name: (rule.role, rule.margin) for rule in rules}


def test_with_log_probabilities_the_likelihood_gates_and_similarities_guard():
    rules = default_rules(("edit_similarity", "embedding_similarity", "ideal_likelihood"))
    assert as_dict(rules) == {
        "ideal_likelihood": ("gate", 0.03),
        "edit_similarity": ("guard", 0.05),
        "embedding_similarity": ("guard", 0.05),
    }


def test_without_them_both_similarities_gate():
    rules = default_rules(("clean_rate", "edit_similarity", "embedding_similarity"))
    assert as_dict(rules) == {
        "edit_similarity": ("gate", 0.05),
        "embedding_similarity": ("gate", 0.05),
        "clean_rate": ("report", None),
    }


def test_a_metric_of_the_teams_own_gates_where_it_is_all_there_is():
    assert as_dict(default_rules(("politeness", "clean_rate"))) == {
        "politeness": ("gate", 0.05),
        "clean_rate": ("report", None),
    }
    assert as_dict(default_rules(("clean_rate",))) == {"clean_rate": ("gate", 0.05)}


def test_a_likelihood_that_one_side_lacks_gives_way_to_both_similarities():
    candidate = run("v2", SAME, embedding_similarity=SAME)
    reference = run("v1", SAME, [0.5] * N, embedding_similarity=SAME)
    rules, notes = effective_rules(LIKELIHOOD_GATE, candidate, reference)
    assert as_dict(rules) == {
        "edit_similarity": ("gate", 0.05),
        "embedding_similarity": ("gate", 0.05),
    }
    assert notes == (
        "no ideal likelihood on one side, so edit similarity and embedding similarity gate at a "
        "margin of 0.05 instead",
    )
    assert notes[0] in words_of(verdict(candidate, reference, Policy(), metrics=LIKELIHOOD_GATE))


def test_rules_that_can_be_followed_stay_as_they_are():
    both = run("v2", SAME, [0.5] * N, embedding_similarity=SAME)
    assert effective_rules(LIKELIHOOD_GATE, both, both) == (LIKELIHOOD_GATE, ())


def test_a_gate_without_a_margin_gets_the_default_one():
    both = run("v2", SAME, [0.5] * N)
    rules, _ = effective_rules((MetricRule("ideal_likelihood", "gate"),), both, both)
    assert rules[0].margin == 0.03


def test_a_score_missing_on_a_gate_is_said_and_never_zero():
    gap = [0.8] * N
    gap[3] = None
    rules = (MetricRule("edit_similarity", "gate", 0.05),)
    result = verdict(run("v2", gap), run("v1", SAME), Policy(), metrics=rules)
    assert result.outcome == "inconclusive"
    assert (
        "edit similarity is missing on 1 case (case-03); missing is not zero" in result.reasons[0]
    )
    assert result.broken == ()
    assert result.metrics[0].n == N - 1


def test_a_score_missing_on_a_guard_is_said_and_the_rest_is_judged():
    gap = [0.5] * N
    gap[3] = None
    side = {"embedding_similarity": gap}
    rules = (
        MetricRule("edit_similarity", "gate", 0.05),
        MetricRule("embedding_similarity", "guard", 0.05),
    )
    result = verdict(run("v2", SAME, **side), run("v1", SAME, **side), Policy(), metrics=rules)
    assert result.outcome == "promote"
    assert "embedding similarity is missing on case-03 and was judged on the rest" in result.notes


def test_a_benchmark_without_a_gate_can_show_nothing():
    rules = (MetricRule("edit_similarity", "report"),)
    result = verdict(run("v2", SAME), run("v1", [0.7] * N), Policy(), metrics=rules)
    assert result.outcome == "inconclusive"
    assert "no metric of this benchmark is a gate" in result.reasons[0]


@pytest.mark.parametrize("margin", [0, -0.1, 1.5, True, float("nan"), "0.05"])
def test_a_margin_that_means_nothing_is_refused(margin):
    with pytest.raises(BenchmarkError, match="above 0 and below 1"):
        verdict(
            run("v2", SAME),
            run("v1", SAME),
            Policy(),
            metrics=(MetricRule("edit_similarity", "gate", margin),),
        )


@pytest.mark.parametrize("margin", [1e-10, 1e-300, 5e-324])
def test_a_margin_that_is_as_good_as_none_is_refused(margin):
    with pytest.raises(BenchmarkError, match="the smallest is 1e-09"):
        verdict(
            run("v2", SAME),
            run("v1", SAME),
            Policy(),
            metrics=(MetricRule("edit_similarity", "gate", margin),),
        )


def test_the_smallest_margin_is_judged():
    rules = (MetricRule("edit_similarity", "gate", 1e-9),)
    assert verdict(run("v2", SAME), run("v1", SAME), Policy(), metrics=rules).outcome


def test_a_metric_given_twice_is_refused():
    twice = (MetricRule("edit_similarity", "gate", 0.05), MetricRule("edit_similarity", "report"))
    with pytest.raises(BenchmarkError, match="given twice"):
        verdict(run("v2", SAME), run("v1", SAME), Policy(), metrics=twice)
