from harness.findings.health import tired_cases
from harness.records import Benchmark, CaseHistory, MetricRule

RULES = (MetricRule("ideal_likelihood", "gate", 0.04), MetricRule("edit_similarity", "guard", 0.1))
TASK = Benchmark("openers", "openers", (), "f", metrics=RULES)
GUARD = Benchmark("manners", None, (), "f", metrics=RULES)
WIDE = {"ideal_likelihood": 0.5, "edit_similarity": 0.5}


def kinds(benchmark: Benchmark, *histories: CaseHistory) -> list[str]:
    return [f.kind for f in tired_cases(histories, {"a": 7}, benchmark)]


def test_a_case_that_every_adapter_gets_right_is_saturated():
    one = CaseHistory("a", 3, 3, 1.0, WIDE, base_right=False)
    (found,) = tired_cases([one], {"a": 7}, TASK)
    assert (found.kind, found.line) == ("saturated", 7)
    assert "base" not in found.message


def test_a_saturated_case_says_when_even_the_plain_base_is_right():
    (found,) = tired_cases([CaseHistory("a", 4, 4, 1.0, WIDE, base_right=True)], {"a": 1}, TASK)
    assert "so does the plain base" in found.message


def test_a_case_that_none_gets_right_cannot_break():
    assert kinds(TASK, CaseHistory("a", 3, 0, 0.41, WIDE)) == ["hopeless"]
    assert kinds(TASK, CaseHistory("a", 3, 0, 0.5, WIDE)) == []


def test_a_case_on_which_no_metric_moves_half_its_margin_never_discriminates():
    still = {"ideal_likelihood": 0.019, "edit_similarity": 0.049, "edit_rate": 0.9}
    assert kinds(TASK, CaseHistory("a", 3, 1, 0.7, still)) == ["flat"]
    assert kinds(TASK, CaseHistory("a", 3, 1, 0.7, still | {"edit_similarity": 0.05})) == []


def test_with_fewer_than_three_adapters_nothing_is_said():
    assert kinds(TASK, CaseHistory("a", 2, 2, 1.0, {})) == []


def test_a_guard_is_meant_to_be_right_with_every_adapter():
    assert kinds(GUARD, CaseHistory("a", 5, 5, 1.0, {"ideal_likelihood": 0.0})) == []
    assert kinds(GUARD, CaseHistory("a", 5, 0, 0.2, WIDE)) == ["hopeless"]


def test_missing_scores_are_not_taken_for_wrong_ones():
    assert kinds(TASK, CaseHistory("a", 3, 0, None, {})) == []


def test_a_case_that_the_file_no_longer_has_is_left_alone():
    assert kinds(TASK, CaseHistory("gone", 3, 3, 1.0, WIDE)) == []
