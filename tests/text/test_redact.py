"""What is masked is gone from every field, and what programs follow stays."""

from __future__ import annotations

import pytest

from harness.records import Case, CaseChange, CaseResult, CheckResult, Output, Review
from harness.text.redact import LEFT_OUT, OPEN, TOO_SLOW, Redaction


def digits(text):
    return [("[number]", i, i + 1) for i, sign in enumerate(text) if sign.isdigit()]


def word(wanted, mark="[name]"):
    return lambda text: (
        [(mark, text.find(wanted), text.find(wanted) + len(wanted))] * (wanted in text)
    )


MASK = Redaction((word("Ana"),))
SHUT = Redaction(texts=False)


def test_what_is_found_is_replaced_by_its_mark():
    assert MASK.text("Hi Ana, hello") == "Hi [name], hello"
    assert Redaction((digits,)).text("a1b2") == "a[number]b[number]"


def test_of_places_that_overlap_nothing_is_left():
    both = Redaction((word("Ana Diaz", "[a]"), word("Diaz Ltd", "[b]")))
    assert both.text("to Ana Diaz Ltd.") == "to [a]."


def test_a_place_inside_another_goes_with_it():
    both = Redaction((word("Ana", "[a]"), word("Hi Ana!", "[b]")))
    assert both.text("Hi Ana! Bye") == "[b] Bye"


def test_without_texts_none_is_shown_and_empty_stays_empty():
    assert SHUT.text("Hi Ana") == LEFT_OUT
    assert SHUT.text("") == "" and SHUT.text(" \n") == " \n"


def test_our_own_lines_stay_but_for_what_they_quote():
    line = 'does not contain "Hi Ana", said "no"; 2 cases broke'
    assert SHUT.words(line) == f"does not contain {LEFT_OUT}; 2 cases broke"
    assert MASK.words("broke: Ana") == "broke: [name]"


def test_a_pattern_that_takes_too_long_leaves_the_whole_text_out():
    def slow(text):
        raise TimeoutError

    assert Redaction((slow,)).text("Hi Ana") == TOO_SLOW


RESULT = CaseResult(
    Case("Ana-1", "in Ana", ("ideal Ana",), {"customer": "Ana"}),
    (Output("Ana-1", "out Ana"),),
    {"edit_similarity": 0.5},
    checks=(CheckResult("contains", "must", False, "lacks Ana"),),
)


@pytest.mark.parametrize("redaction", [MASK, SHUT])
def test_every_text_of_a_result_is_masked_and_its_id_stays(redaction):
    found = redaction.record(RESULT)
    shown = [found.case.input, *found.case.ideals, found.text, found.checks[0].message]
    assert all("Ana" not in text for text in shown)
    assert found.case.id == found.outputs[0].case == "Ana-1"
    assert found.scores == RESULT.scores and found.checks[0].passed is False


def test_names_of_slices_are_masked_like_our_own_lines():
    assert MASK.record(RESULT).case.slices == {"customer": "[name]"}


@pytest.mark.parametrize("redaction", [MASK, SHUT])
def test_every_text_of_a_change_and_a_review_is_masked(redaction):
    change = CaseChange("c", True, 1.0, 0.2, "ideal Ana", "was Ana", "is Ana", accepted="Ana: ok")
    review = Review(
        "r1", "2026-11-20", "t", "a", "", "in Ana", "out Ana", "edited", "sent Ana", reason="Ana"
    )
    found = redaction.record(change)
    assert "Ana" not in found.ideal + found.reference_text + found.candidate_text
    other = redaction.record(review)
    assert "Ana" not in f"{other.input}{other.output}{other.final}{other.reason}"
    assert (other.id, other.at, other.decision) == ("r1", "2026-11-20", "edited")


def test_what_nobody_redacts_is_the_record_itself():
    assert OPEN.record(RESULT) is RESULT


def test_what_somebody_made_of_a_masked_text_gets_its_words_back():
    exact = "Ana: 1 and 2"
    both = Redaction((word("Ana"), digits))
    assert both.text(exact) == "[name]: [number] and [number]"
    assert both.restored("Dear [name], [number], [number] [number]", exact) == (
        "Dear Ana, 1, 2 [number]"
    )
    assert both.restored("nothing kept", exact) == "nothing kept"
