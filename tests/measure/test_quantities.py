"""One number is one value, however it is written; ambiguous forms keep both readings."""

import pytest

from harness.measure.quantities import quantities


def readings(text):
    return [{" ".join(sorted(r)) for r in q.readings} for q in quantities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1200", {"1200"}),
        ("1,200.50", {"1200.5", "1 200 50"}),
        ("1.200,50", {"1200.5", "1 200 50"}),
        ("1.200", {"1200", "1.2"}),
        ("0.50", {"0.5"}),
        ("007", {"7"}),
        ("0", {"0"}),
        ("5k", {"5000"}),
        ("5 m", {"5", "5000000"}),
        ("1.25 million", {"1250000"}),
        ("€5k", {"eur 5000"}),
        ("5 %", {"%5"}),
        ("3pm", {"15:00", "3"}),
        ("12am", {"00:00", "12"}),
        ("2.13.0", {"2.13.0", "0 13 2"}),
    ],
)
def test_readings(text, expected):
    assert readings(text) == [expected]


@pytest.mark.parametrize("text", ["B2B", "H2O", "Q3", "v2.13", "five", "m²", "½"])
def test_a_part_of_a_word_is_not_a_number(text):
    assert readings(text) == []
