"""The house voice: what no ideal would say is found, and what an ideal could say is not."""

from __future__ import annotations

import pytest

from harness.findings.voice import HouseVoice
from harness.records import Case, Check
from harness.records.training_example import TrainingExample

IDEALS = {
    "note": "Need: {0} | Budget: open | Next: call on {1}",
    "mail": "Hi {0}, shall we plan a call on {1}?",
}
FACTS = [(f"thing{n}", f"day{n}") for n in range(6)]
TERMS = Check("terms", {"customer": ("client",)}, "report")


def cases(count: int = 6) -> list[Case]:
    return [
        Case(f"{kind}-{n}", f"Write {kind} about {a} for {b}", (ideal.format(a, b),),
             {"kind": kind, "place": f"p{n % 2}"}, checks=(TERMS,))
        for kind, ideal in IDEALS.items()
        for n, (a, b) in enumerate(FACTS[:count])
    ]  # fmt: skip


def said(output: str, kind: str = "mail") -> list[str]:
    given = f"Write {kind} about thing9 for day9"
    example = TrainingExample(7, given, output, {"kind": kind})
    return [finding.message for finding in HouseVoice("sales", cases()).findings(example)]


@pytest.mark.parametrize(
    "output",
    [
        "Hi thing9, shall we plan a call on day9?",
        "Hi thing9, shall we plan two calls on day9?",
        "Hi customer, shall we plan a call on day9?",
    ],
)
def test_what_an_ideal_could_say_is_fine(output: str) -> None:
    assert said(output) == []


def test_words_that_no_ideal_has_are_found_and_named() -> None:
    (message,) = said("Esteemed thing9, kindly permit us to propose a call on day9")
    assert "of kind=mail of sales" in message
    assert '"esteemed"' in message


def test_a_mark_that_no_ideal_has_is_found() -> None:
    assert said("Hi thing9, shall we plan a call on day9?!") == [
        'has "!", no ideal of kind=mail of sales does'
    ]


def test_each_kind_has_a_voice_of_its_own() -> None:
    note = "Need: thing9 | Budget: open | Next: call on day9"
    assert said(note, "note") == []
    assert said(note, "mail") != []


def test_ideals_that_stray_themselves_allow_it() -> None:
    """Where every ideal has its own words, nobody can say what is foreign."""
    free = [
        Case(f"c{n}", "Tell a story", (" ".join(f"word{n}x{w}" for w in range(20)),))
        for n in range(8)
    ]
    example = TrainingExample(1, "Tell a story", "Once upon a time there was a bridge", {})
    assert list(HouseVoice("stories", free).findings(example)) == []


def test_too_few_cases_show_no_voice() -> None:
    few = HouseVoice("sales", cases(2))
    assert few.voice(TrainingExample(1, "a", "b", {"kind": "mail"})) is None
    assert list(few.findings(TrainingExample(1, "a", "Esteemed sir, kindly!!!"))) == []


def test_an_example_without_slices_is_held_against_all_ideals() -> None:
    voice = HouseVoice("sales", cases()).voice(TrainingExample(1, "a", "b"))
    assert voice is not None and voice.about == "sales"
