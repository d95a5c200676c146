from harness.records import Case, Policy
from tests.judge.builders import LIKELIHOOD_GATE, case, run
from tests.judge.rule1.ways import verdict

GOOD = [0.9] * 6


def test_no_verdict_rests_on_placeholders_however_good_the_scores():
    cases = [Case(f"PLACEHOLDER-{n}", "input", ("ideal",)) for n in range(6)]
    better = run("new", GOOD, [0.9] * 6, cases=cases)
    worse = run("old", [0.5] * 6, [0.1] * 6, cases=cases)
    for candidate, reference in ((better, worse), (worse, better)):
        found = verdict(candidate, reference, Policy(), metrics=LIKELIHOOD_GATE)
        assert found.outcome == "inconclusive"
        assert found.reasons == (
            "all 6 cases are placeholders, and placeholders are not a benchmark",
        )
        assert "benchmark check" in found.advice[0]


def test_one_placeholder_among_real_cases_is_named():
    cases = [*(case(i) for i in range(5)), Case("PLACEHOLDER-6", "input", ("ideal",))]
    found = verdict(run("new", GOOD, cases=cases), run("old", GOOD, cases=cases), Policy())
    assert found.reasons == (
        "PLACEHOLDER-6 is a placeholder, and placeholders are not a benchmark",
    )


def test_the_base_alone_is_told_what_it_is_for():
    found = verdict(run("base", GOOD), None, Policy())
    assert found.outcome == "inconclusive"
    assert "nothing is promoted yet" in found.reasons[0]
    assert "lora-harness train" in found.advice[0]


def test_an_adapter_without_anything_to_compare_with_is_told_to_run_the_base():
    found = verdict(run("new", GOOD), None, Policy())
    assert found.outcome == "inconclusive"
    assert found.advice == (
        "evaluate the base on this benchmark first: lora-harness evaluate base",
    )
