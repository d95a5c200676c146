"""Edit similarity and edit rate are the numbers that the field publishes."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.measure import clean_rate, consistency, edit_rate, edit_similarity

SNOVER_OUTPUT = "THIS WEEK THE SAUDIS denied information published in the new york times"
SNOVER_IDEAL = "SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times"


@pytest.mark.parametrize(
    ("text", "ideal", "distance", "longer"),
    [
        ("kitten", "sitting", 3, 7),
        ("saturday", "sunday", 3, 8),
        ("flaw", "lawn", 2, 4),
        ("intention", "execution", 5, 9),
        ("gumbo", "gambol", 2, 6),
        ("", "abc", 3, 3),
        ("straße", "strasse", 2, 7),
        ("🙂", "🙃", 1, 1),  # one code point, whatever its bytes
        ("e\u0301", "\u00e9", 2, 2),  # decomposed against composed é: code points as they are
        ("e\u0301", "e", 1, 2),
        (" a", "a", 1, 2),  # nothing is stripped here
    ],
)
def test_edit_similarity_is_normalised_levenshtein_on_code_points(text, ideal, distance, longer):
    assert edit_similarity(text, ideal) == pytest.approx(1 - distance / longer)
    assert edit_similarity(ideal, text) == edit_similarity(text, ideal)


@pytest.mark.parametrize(
    ("text", "ideal", "edits", "words"),
    [
        ("one two three four", "one two three four", 0, 4),
        ("five six seven", "one two three", 3, 3),
        ("", "one", 1, 1),
        ("d e f g h a b c", "a b c d e f g h", 1, 8),  # one block shift
        (SNOVER_OUTPUT, SNOVER_IDEAL, 4, 13),  # Snover et al. 2006: a shift and three edits
        ("one TWO three", "one two three", 0, 3),  # case does not count
        ("one two, three", "one two three", 1, 3),  # punctuation belongs to its word
        ("one   two\nthree", "one two three", 0, 3),  # only words count
        ("b a", "a b", 1, 2),
        ("one two", "one two three four", 2, 4),
    ],
)
def test_edit_rate_is_ter_with_shifts(text, ideal, edits, words):
    assert edit_rate(text, ideal) == pytest.approx(edits / words)


def test_edit_rate_is_capped_at_one():
    assert edit_rate("a b c d e f g h", "x y") == 1.0
    assert edit_rate("something", "   ") == 1.0


WORDS = st.lists(st.sampled_from("abcdeFg"), min_size=1, max_size=14).map(" ".join)


@pytest.mark.medium
@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS)
def test_no_shortcut_changes_the_number_that_sacrebleu_gives(text, ideal):
    from sacrebleu.metrics.ter import TER

    expected = min(1.0, TER().sentence_score(text, [ideal]).score / 100)
    assert edit_rate(text, ideal) == pytest.approx(expected)


@pytest.mark.medium
@pytest.mark.parametrize("ideal_words", [12, 150, 5_000])
def test_babble_is_scored_in_seconds(ideal_words):
    draw = random.Random(0)
    ideal = " ".join(str(draw.randrange(40)) for _ in range(ideal_words))
    babble = " ".join(str(draw.randrange(40)) for _ in range(300_000))
    start = time.perf_counter()
    assert edit_rate(babble, ideal) == 1.0
    assert time.perf_counter() - start < 2


def test_beyond_the_longest_shifted_text_the_rate_is_an_upper_bound():
    ideal = " ".join(f"word{i}" for i in range(1_000))
    moved = " ".join(f"word{i}" for i in (*range(500, 1_000), *range(500)))
    assert edit_rate(moved, ideal) == 1.0
    assert edit_rate(ideal + " more", ideal) == pytest.approx(0.001)


def test_one_word_in_ten_still_ships_clean():
    ideal = "one two three four five six seven eight nine ten"
    assert clean_rate(ideal.replace("ten", "TEN!"), ideal) == 1.0
    assert clean_rate(ideal.replace("nine ten", "9 10"), ideal) == 0.0


def test_consistency_is_the_mean_over_all_pairs_of_samples():
    assert consistency(["aa", "aa", "ab"]) == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert consistency(["only one"]) is None
