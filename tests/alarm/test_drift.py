from harness.alarm.drift import fall
from harness.records import MetricRule

GATE = (MetricRule("ideal_likelihood", "gate", 0.03), MetricRule("edit_similarity", "guard", 0.05))
CASES = [f"c{i}" for i in range(6)]


def scores(**by_metric):
    return {name: dict(zip(CASES, values, strict=False)) for name, values in by_metric.items()}


def test_a_case_falls_only_beyond_the_margin_of_a_gate():
    first = scores(ideal_likelihood=[0.5] * 4, edit_similarity=[0.9] * 4)
    later = scores(ideal_likelihood=[0.5, 0.47, 0.46, 0.6], edit_similarity=[0.1] * 4)
    found = fall(first, later, GATE)
    assert found.fallen == ("c2",)
    assert found.n == 4
    assert list(found.means) == ["ideal_likelihood"]


def test_what_one_side_lacks_is_not_counted_as_fallen():
    first = scores(ideal_likelihood=[0.5] * 4)
    found = fall(first, scores(ideal_likelihood=[0.5, 0.5]), GATE)
    assert (found.n, found.fallen) == (2, ())


def test_without_likelihoods_both_similarities_gate_as_in_the_verdict():
    first = scores(edit_similarity=[0.9] * 4, embedding_similarity=[0.9] * 4)
    later = scores(edit_similarity=[0.9, 0.8, 0.9, 0.9], embedding_similarity=[0.9, 0.9, 0.8, 0.9])
    assert fall(first, later, GATE).fallen == ("c1", "c2")


def test_a_gated_edit_rate_falls_when_it_rises():
    rule = (MetricRule("edit_rate", "gate", 0.1),)
    found = fall(scores(edit_rate=[0.1, 0.5]), scores(edit_rate=[0.5, 0.1]), rule)
    assert found.fallen == ("c0",)


def test_nothing_in_common_is_nothing_compared():
    assert fall(scores(ideal_likelihood=[0.5]), {}, GATE).n == 0
