"""The quick way to TER gives sacrebleu's number to the last bit, however texts were edited."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.ter import TER

from harness.measure import edit_rate
from harness.measure.shifts import edits_with_shifts


def published(text: str, ideal: str) -> float:
    """As sacrebleu gives it, capped."""
    return min(1.0, float(TER().sentence_score(text, [ideal]).score) / 100)


FEW = st.lists(st.sampled_from("abcdeFg"), min_size=1, max_size=16).map(" ".join)
MORE = st.lists(st.sampled_from([f"w{n}" for n in range(40)]), min_size=1, max_size=30).map(
    " ".join
)


@pytest.mark.medium
@settings(max_examples=150, deadline=None)
@given(FEW, FEW)
def test_texts_of_few_words_that_come_again_and_again(text, ideal):
    assert edit_rate(text, ideal) == published(text, ideal)


@pytest.mark.medium
@settings(max_examples=60, deadline=None)
@given(MORE, MORE)
def test_texts_of_many_words(text, ideal):
    assert edit_rate(text, ideal) == published(text, ideal)


@st.composite
def edited(draw):
    """A text as an editor leaves it: words replaced, left out and put in, phrases moved."""
    text = draw(st.lists(st.sampled_from([f"w{n}" for n in range(25)]), min_size=3, max_size=35))
    new = list(text)
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(new) - 1))
        what = draw(st.sampled_from(["replace", "drop", "insert", "move"]))
        if what == "replace":
            new[place] = draw(st.sampled_from(text))
        elif what == "drop" and len(new) > 2:
            del new[place]
        elif what == "insert":
            new.insert(place, draw(st.sampled_from(text)))
        else:
            end = place + draw(st.integers(1, 6))
            rest = new[:place] + new[end:]
            target = draw(st.integers(0, len(rest)))
            new = rest[:target] + new[place:end] + rest[target:]
    return " ".join(text), " ".join(new)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(edited())
def test_texts_that_somebody_edited(both):
    text, ideal = both
    assert edit_rate(text, ideal) == published(text, ideal)


@pytest.mark.medium
@pytest.mark.parametrize("lengths", [(32, 34), (40, 29)])
def test_texts_that_reach_beyond_sacrebleus_beam(lengths):
    draw = random.Random(sum(lengths))
    pool = [f"w{n}" for n in range(60)]
    text, ideal = (" ".join(draw.choices(pool, k=n)) for n in lengths)
    assert edit_rate(text, ideal) == published(text, ideal)


def test_a_phrase_that_moved_a_long_way():
    words = [f"w{n}" for n in range(70)]
    moved = " ".join(words[8:58] + words[:8] + words[58:])
    assert edit_rate(moved, " ".join(words)) == published(moved, " ".join(words)) == 1 / 70


@pytest.mark.parametrize(
    ("text", "ideal", "edits"),
    [
        ("a b c d e f", "c d e f a b", 1),  # one block, one shift
        ("a b c d e f", "f e d c b a", 5),
        ("x a b c", "a b c y", 2),  # a shift would not help: what counting alone says is left
        ("a b", "b a", 1),
        ("e a b c d", "a b c d e f", 2),  # a shift and an insertion
    ],
)
def test_shifts_count_one_however_long_the_block(text, ideal, edits):
    assert edits_with_shifts(text.split(), ideal.split()) == edits


# Hypothesis, post-edit, HTER: counted by hand with tercom's rules (a shift of any block is one
# edit, words are split at white space, case does not count, the rate is per word of the post-edit).
POST_EDITS = [
    ("the house is small", "the house is small", 0 / 4),
    ("The House is small", "the house is small", 0 / 4),
    ("the house small is", "the house is small", 1 / 4),
    ("click on the file menu save", "click save on the file menu", 1 / 6),
    ("the the house", "the house", 1 / 2),
    ("this is good .", "this is good.", 2 / 3),
    ("to insert a picture choose insert", "choose insert to insert a picture", 1 / 6),
    ("a b c d e f g h i j", "z", 1.0),
]


@pytest.mark.parametrize(("output", "final", "rate"), POST_EDITS)
def test_hter_counted_by_hand(output, final, rate):
    assert edit_rate(output, final) == pytest.approx(rate) == published(output, final)
