"""Near duplicates: found however they are edited, and ordinary texts are left alone."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.findings import near_duplicates
from tests.findings.shipped import examples

WORDS = [f"w{n}" for n in range(400)]


def texts(count: int, length: int, seed: int) -> list[str]:
    chosen = random.Random(seed)
    return [" ".join(chosen.choices(WORDS, k=length)) for _ in range(count)]


@pytest.mark.long
@given(st.integers(10, 60), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_text_with_a_fifth_of_its_words_changed_is_found(length: int, seed: int) -> None:
    many = texts(80, length, seed)
    chosen = random.Random(seed)
    source = chosen.randrange(80)
    words = many[source].split()
    for place in chosen.sample(range(length), length // 5):
        words[place] = f"new{place}"
    found = near_duplicates([*many, " ".join(words)])
    assert [(one.index, one.of, one.changed) for one in found] == [(80, source, length // 5)]


@pytest.mark.slow
@given(st.integers(12, 40), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_words_that_come_or_go_do_not_hide_it(length: int, seed: int) -> None:
    many = texts(40, length, seed)
    words = many[7].split()
    del words[3]
    words.insert(9, "added")
    (found,) = near_duplicates([*many, " ".join(words)])
    assert (found.index, found.of) == (40, 7)


def test_more_than_a_fifth_is_another_text() -> None:
    (one,) = texts(1, 30, 1)
    words = one.split()
    words[:7] = [f"new{n}" for n in range(7)]
    assert near_duplicates([one, " ".join(words)]) == []


def test_case_punctuation_and_white_space_make_no_difference() -> None:
    one = "Hi Ana, we don't ship 10-minute runs (yet)!"
    (found,) = near_duplicates([one, one.upper().replace(",", " –").replace("(yet)", "\tyet")])
    assert found.changed == 0


def test_a_long_instruction_before_every_input_makes_no_duplicates() -> None:
    instruction = " ".join(f"rule{n}" for n in range(100))
    many = [f"{instruction} {one}" for one in texts(40, 12, 3)]
    assert near_duplicates(many) == []


@pytest.mark.parametrize("name", ["outreach_240", "outreach_240b", "outreach_50"])
def test_ordinary_texts_of_one_kind_are_not_near(name: str) -> None:
    said = [f"{one.input}\n{one.output}" for one in examples(name)]
    assert near_duplicates(said) == []
    assert near_duplicates([one.input for one in examples(name)]) == []


def test_short_texts_count_only_when_they_are_equal() -> None:
    assert near_duplicates(["What is 2 + 3?", "What is 2 + 4?"]) == []
    assert [one.of for one in near_duplicates(["What is 2 + 3?", "what is 2+3"])] == [0]
    assert [one.of for one in near_duplicates(["What is two?", "what is TWO"])] == [0]


def test_texts_without_a_word_are_not_taken_for_each_other() -> None:
    assert near_duplicates(["?!", "...", "", "?!"]) == []


def test_after_dropping_what_is_found_nothing_is_found() -> None:
    many = texts(30, 20, 5)
    many += [" ".join(["first", *one.split()[1:]]) for one in many]
    many += [" ".join(["other", *one.split()[1:]]) for one in many[30:]]
    gone = {one.index for one in near_duplicates(many)}
    rest = [one for place, one in enumerate(many) if place not in gone]
    assert len(rest) == 30 and near_duplicates(rest) == []
