"""Every demand on an output passes, or says in one line what is wrong."""

import time

import pytest

from harness.measure import parse_checks, run_checks
from harness.records import Case, Check, Message


def message(raw, text, **case):
    case = Case(
        "c", case.get("input", ""), case.get("ideals", ("",)), checks=parse_checks(raw, "f")
    )
    results = run_checks(case, text)
    assert all(result.passed == (result.message == "") for result in results)
    return "; ".join(result.message for result in results if not result.passed)


def test_contains_wants_every_phrase_as_it_is_written():
    assert message({"contains": ["Hi Ana", "Freight"]}, "Hi Ana at Freight") == ""
    assert message({"contains": ["Hi Ana", "Freight"]}, "hi ana") == (
        'does not contain "Hi Ana", "Freight"'
    )


def test_excludes_bans_a_phrase_in_any_case():
    assert message({"excludes": ["!", "hope"]}, "Hope so.") == 'contains "hope"'
    assert message({"excludes": ["!", "hope"]}, "Fine.") == ""


def test_phrases_are_found_composed_or_decomposed():
    assert message({"contains": "Café"}, "Cafe\u0301") == ""
    assert message({"excludes": "café"}, "CAFE\u0301") == 'contains "café"'


def test_matches_searches_the_whole_output():
    assert message({"matches": r"\?$"}, "Shall we\ntalk?") == ""
    assert message({"matches": r"\?$"}, "Shall we talk") == r"does not match \?$"
    assert message({"matches": [r"^Hi", r"\p{Lu}"]}, "Hi") == ""


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a|a)*b$", "(.*)*x(.*)*y", "(?:a?){30}b"]
)
def test_a_catastrophic_pattern_comes_to_an_answer(pattern):
    said = message({"matches": pattern}, "a" * 30 + "!")
    assert "does not match" in said or "took longer than 0.5 s" in said


@pytest.mark.slow
def test_a_pattern_that_ran_out_of_time_says_so():
    assert "took longer than 0.5 s" in message({"matches": "(a|aa)+$"}, "a" * 60 + "!")


def test_words_are_counted_at_white_space():
    assert message({"max_words": 3}, "one two\nthree") == ""
    assert message({"max_words": 2}, "one two\nthree") == "3 words, allowed are at most 2"
    assert message({"min_words": 2}, "one") == "1 word, wanted are at least 2"


def test_a_level_travels_with_its_result():
    checks = parse_checks({"max_words": {"value": 1, "level": "report"}, "contains": "x"}, "f")
    results = run_checks(Case("c", "", ("",), checks=checks), "two words")
    assert [(r.name, r.level, r.passed) for r in results] == [
        ("max_words", "report", False),
        ("contains", "must", False),
    ]


@pytest.mark.long
def test_a_megabyte_of_babble_is_checked_in_seconds():
    raw = {
        "contains": "Hi", "excludes": "zz", "matches": "^x", "max_words": 9, "json": True,
        "terms": {"customer": ["client"]}, "grounded": True,
    }  # fmt: skip
    for babble in ("client 5 ", "1:1 ", "a@b.", '"\\"', "[{", "::", "$1,"):
        start = time.process_time()
        message(raw, (babble * 1_000_000)[:1_000_000], input=babble)
        assert time.process_time() - start < 4, babble


def test_what_stands_in_context_earlier_turns_and_the_system_text_is_grounded():
    case = Case(
        "a",
        "And the price?",
        ("It is yours.",),
        checks=(Check("grounded", True),),
        turns=(Message("user", "I want 3 of them"), Message("assistant", "Order 4711 is open.")),
        system="Today is 2026-11-20.",
        context=("One costs 49 EUR.", "Mail help@acme.com."),
    )
    said = "3 for order 4711 on 2026-11-20 at 49 EUR, mail help@acme.com"
    assert [found.passed for found in run_checks(case, said)] == [True]
    (found,) = run_checks(case, "That is 50 EUR")
    assert not found.passed and "50 EUR" in found.message
