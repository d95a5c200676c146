"""A difference reads as the new text with what changed marked."""

import random
import time

import pytest

from harness.render import word_diff
from harness.text.diff import html_diff


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("same words", "same words", "same words"),
        ("Hi Ana, hello", "Hi Bob, hello", "Hi [-Ana,-] [+Bob,+] hello"),
        ("a b", "a b c d", "a b [+c d+]"),
        ("a b c", "c", "[-a b-] c"),
        ("", "new", "[+new+]"),
        ("old", "", "[-old-]"),
        ("a  b", "a b", "a b (only white space differs)"),
        ("a\nb", "a\nc", "a \n [-b-] [+c+]"),
    ],
)
def test_removed_and_added_words_are_marked(old, new, marked):
    assert word_diff(old, new) == marked


@pytest.mark.medium
def test_long_texts_are_compared_in_part_and_say_so():
    draw = random.Random(0)
    old, new = (" ".join(draw.choice("ab") for _ in range(200_000)) for _ in range(2))
    start = time.perf_counter()
    assert word_diff(old, new).endswith("(only the first 300 words are compared)")
    assert time.perf_counter() - start < 2


def test_as_html_what_changed_has_colour_and_sign_and_no_tag_of_its_own():
    told = html_diff("Hi <b>Ana</b>, hello", "Hi Bob, hello")
    assert told == "Hi <del>−&lt;b&gt;Ana&lt;/b&gt;,</del> <ins>+Bob,</ins> hello"
    assert html_diff("a  b", "a b") == "a b (only white space differs)"
    assert html_diff("\u202ea", "\u202eb") == "<del>−\\u202ea</del> <ins>+\\u202eb</ins>"
