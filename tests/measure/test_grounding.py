"""No figure and no address in an output that neither the input nor an ideal has."""

import pytest

from harness.measure.grounding import ungrounded

INPUT = (
    "Price: €1,200 or 5% off, 3 planners cover 140 routes by 15:00 on 2026-09-12. "
    "See https://acme.com/pricing and mail Ana@acme.com; 2.5 million miles, 7.50 USD"
)


@pytest.mark.parametrize(
    "text",
    [
        "1200 EUR", "€ 1.200,00", "EUR1200", "1 200 euros", "1'200 €", "1200", "1\u202f200",
        "5 %", "5.0 %", "5 percent", "5 per cent", "5",
        "3", "03", "3rd", "3.0", "3-person", "-3", "(3)", "3.",
        "3pm", "3 p.m.", "3:00 PM", "15:00", "3am",  # an hour alone is also the bare number
        "12 September 2026", "12.09.2026", "2026-09-12",
        "2,500,000", "2.5m", "2.5 mn", "2 500 000",
        "$7.50", "7.5 dollars", "US$7.50",
        "www.acme.com/pricing.", "http://ACME.com/pricing/", "(acme.com)", "ana@ACME.com,",
        "B2B, H2O and Q4", "no figures at all", "", "twelve",
        "1. First\n2. Second", "٣ planners", "１４０ routes",
    ],
)  # fmt: skip
def test_what_the_input_has_may_be_written_in_any_usual_way(text):
    assert ungrounded(text, (INPUT,)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "4", "13", "1,400", "14", "1201", "2.6 million", "2.5 billion",
        "$1200", "£1,200", "€5", "€140",
        "140%", "6 %", "12 percent",
        "4pm", "3:30am", "15:30", "4th",
        "evil.com", "https://acme.com/pricing/free", "bob@acme.com", "acme.org",
    ],
)  # fmt: skip
def test_what_it_has_not_is_named_as_written(text):
    assert ungrounded(text, (INPUT,)) == f"neither in the input nor in an ideal: {text}"


def test_an_ideal_vouches_as_the_input_does():
    assert ungrounded("a 10-minute call", ("call?", "Shall we plan a 10-minute call?")) == ""


def test_digits_inside_addresses_are_not_numbers():
    assert ungrounded("https://acme.com/99", ("https://acme.com/99",)) == ""
    assert ungrounded("99", ("https://acme.com/99",)) != ""


def test_several_inventions_are_named_once_each():
    told = ungrounded("7 of 8, again 7, and 9% for $6 at 11 and 12 and 13", ("none",))
    assert told == "neither in the input nor in an ideal: 7, 8, 9%, $6, 11, and more"


def test_a_very_long_number_is_named_by_its_beginning():
    assert len(ungrounded("9" * 100_000, ("none",))) < 120
