"""A promotion is told in a sentence that says on what it rests, and how surely."""

from __future__ import annotations

from harness.judge.rule2.decide import decide
from harness.judge.rule2.promotion import promotion
from tests.judge.rule2.make import noise, sent, trial


def told(*args: object, **how: object) -> str:
    found = decide(trial(*args, **how))  # type: ignore[arg-type]
    assert found.outcome == "promote"
    return promotion(found)


def test_cases_alone_say_how_much_lower_and_how_many_could_break() -> None:
    assert told(noise(25, 0.02)) == (
        "not worse on 25 cases (at most 0.007 lower); "
        "none of 25 that can break did, so at most 11.3 % can"
    )


def test_better_says_by_how_much() -> None:
    assert told(noise(25, 0.02) + 0.05).startswith("better on 25 cases (+0.05 on average)")


def test_the_first_adapter_is_better_than_the_base() -> None:
    said = told(noise(25, 0.02) + 0.05, base=0.0, more={"must_be_better": True})
    assert said.startswith("better than the base on 25 cases (+0.05 on average)")


def test_the_reserve_that_was_needed_is_named() -> None:
    said = told(noise(25, 0.06) - 0.015, noise(30, 0.04, 2) + 0.01)
    assert said.startswith("not worse on 25 cases and ")
    assert " of the reserve (at most 0.0" in said


def test_finals_join_the_cases_with_the_month_of_the_oldest() -> None:
    assert told(noise(25, 0.02), finals=sent(noise(200, 0.02))) == (
        "not worse on 25 cases (at most 0.007 lower), nor on 200 texts that people sent since "
        "Jan 2026; none would be lost, so at most 1.5 % can be"
    )


def test_finals_that_decide_say_so() -> None:
    said = told(noise(25, 0.09) - 0.01, finals=sent(noise(200, 0.02)))
    assert said == (
        "not worse on 200 texts that people sent since Jan 2026, which 25 cases alone leave open "
        "(−0.01 on average); none would be lost, so at most 1.5 % can be"
    )


def test_too_few_finals_to_promote_are_named_without_a_claim() -> None:
    said = told(noise(25, 0.02), finals=sent(noise(120, 0.02)))
    assert said.endswith("; of 120 texts that people sent since Jan 2026 none would be lost")
    assert "people sent" not in told(noise(25, 0.02), finals=sent(noise(57, 0.02)))


def test_where_no_case_can_break_nothing_is_said_about_it() -> None:
    likely = told(noise(25, 0.005), level=0.6, edit=([0.3] * 25, [0.3] * 25))
    assert "can break" not in likely
