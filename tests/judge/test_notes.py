from dataclasses import replace

import pytest

from harness.judge import changed_terms, verdict
from harness.records import Policy
from tests.judge.builders import LIKELIHOOD_GATE, run

SCORES = [0.5 + place / 100 for place in range(20)]


def unfinished(adapter, cut=0, unended=0, **more):
    """A run whose first texts were cut, and whose last never ended their thinking."""
    made = run(adapter, SCORES, SCORES, **more)
    results = [
        replace(
            result,
            outputs=(
                replace(
                    result.outputs[0],
                    finish="length" if place < cut else "stop",
                    unended=place >= len(SCORES) - unended,
                ),
            ),
        )
        for place, result in enumerate(made.results)
    ]
    return replace(made, results=tuple(results), origin={"decoding": {"max_new_tokens": 32}})


def judged(candidate, promoted):
    return verdict(candidate, promoted, Policy(), metrics=LIKELIHOOD_GATE)


def test_texts_that_are_no_whole_answers_are_counted_on_both_sides():
    found = judged(unfinished("v3", cut=5, unended=2), unfinished("v2", cut=1))
    assert found.notes[:3] == (
        "5 of 20 texts of v3 were cut at max_new_tokens = 32",
        "2 of 20 texts of v3 never ended their thinking, and count as empty",
        "1 of 20 texts of v2 was cut at max_new_tokens = 32",
    )


@pytest.mark.parametrize("cut", [1, 20])
def test_a_cut_text_is_a_note_and_decides_nothing(cut):
    whole = judged(unfinished("v3"), unfinished("v2"))
    found = judged(unfinished("v3", cut=cut, unended=cut), unfinished("v2"))
    assert replace(found, notes=whole.notes) == whole
    assert not any("cut at" in note or "thinking" in note for note in whole.notes)


def test_the_first_adapter_is_compared_with_the_base_whose_texts_are_counted_too():
    found = verdict(
        unfinished("v1"), None, Policy(), metrics=LIKELIHOOD_GATE, base=unfinished("base", cut=3)
    )
    assert "3 of 20 texts of base were cut at max_new_tokens = 32" in found.notes


def test_words_count_by_cases_in_which_they_appeared_or_vanished():
    pairs = [(f"Hi Ana, {i} trucks", f"Dear Ana, hope hope {i} trucks") for i in range(3)]
    assert changed_terms(pairs) == (
        "words that appeared: dear (in 3), hope (in 3)",
        "words that vanished: hi (in 3)",
    )


def test_a_number_matters_in_a_single_case():
    assert changed_terms([("80 trucks", "85 trucks"), ("5%", "5%")]) == (
        "numbers that appeared: 85 (in 1)",
        "numbers that vanished: 80 (in 1)",
    )


def test_a_word_that_comes_and_goes_is_not_news():
    assert changed_terms([("well done", "done"), ("done", "well done")]) == ()


def test_hostile_text_leaves_only_letters_and_digits():
    hostile = "::error:: \x1b[31m</details> ##[x] " * 3
    lines = changed_terms([("", hostile), ("", hostile)])
    assert not any(set(line) & set("<>\x1b#[") for line in lines)


def test_a_megabyte_of_babble_is_read_in_part():
    lines = changed_terms([("", "x" * 1_000_000)] * 2)
    assert lines == (f"words that appeared: {'x' * 40} (in 2)",)
