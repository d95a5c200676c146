"""What counts as the same text: the way it is written does not, what it says does."""

from __future__ import annotations

import pytest

from harness.findings import normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hi Ana, how are you?", "hi ana how are you"),
        ("Don't stop", "dont stop"),
        ("a 10-minute call", "a 10minute call"),
        ("1,200 parts", "1200 parts"),
        ("Straße", "STRASSE"),
        ("ﬁne ①", "fine 1"),
        ("two\nlines\t here", "two lines here"),
        ("2+3", "2 + 3"),
    ],
)
def test_the_way_it_is_written_makes_no_difference(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 2 + 3?", "What is 2 * 3?"),
        ("What is 5 - 3?", "What is 5 + 3?"),
        ("What is 10% of 100?", "What is 10 of 100?"),
        ("1.5 km", "15 km"),
        ("10-15 people", "1015 people"),
        ("learn C++", "learn C"),
        ("learn C#", "learn C"),
        ("?!", "..."),
        ("北京", "東京"),
    ],
)
def test_what_it_says_does(one: str, other: str) -> None:
    assert normal(one) != normal(other)
