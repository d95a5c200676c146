"""Outliers: far from the rest in length or language; variety is none."""

from __future__ import annotations

import random

import pytest

from harness.findings.outliers import languages, lengths, other_languages
from harness.records.training_example import TrainingExample

ENGLISH = "Please tell the customer that we will call again on Monday morning about the order."
GERMAN = "Bitte sagen Sie dem Kunden, dass wir am Montagmorgen wegen der Bestellung anrufen."


def rows(*outputs: str, slices: dict[str, str] | None = None) -> list[TrainingExample]:
    return [TrainingExample(n, "ask", out, slices or {}) for n, out in enumerate(outputs, start=1)]


def usual(count: int = 40) -> list[str]:
    chosen = random.Random(0)
    return ["x" * chosen.randint(80, 160) for _ in range(count)]


def test_far_longer_and_far_shorter_outputs_are_found() -> None:
    found = list(lengths(rows(*usual(), "x" * 2_000, "xx")))
    assert [finding.line for finding in found] == [41, 42]
    assert found[0].message.startswith("the output has 2,000 characters, the median is 1")


def test_ordinary_spread_is_no_outlier() -> None:
    assert list(lengths(rows(*usual()))) == []
    assert list(lengths(rows(*["same length"] * 30, "same  length!"))) == []


def test_a_slice_may_have_a_length_of_its_own() -> None:
    long = [TrainingExample(100 + n, "ask", "x" * 2_000, {"kind": "letter"}) for n in range(25)]
    short = [TrainingExample(n, "ask", text, {"kind": "note"}) for n, text in enumerate(usual(60))]
    assert list(lengths([*short, *long])) == []


def test_few_examples_have_no_usual() -> None:
    assert list(lengths(rows("short", "x" * 5_000))) == []


def test_another_language_is_found() -> None:
    mixed = rows(*[f"{ENGLISH} Number {n}." for n in range(30)], GERMAN)
    (found,) = other_languages(mixed, languages(mixed))
    assert found.line == 31 and found.message == "is in de, 30 of 31 are in en"


def test_a_set_that_is_meant_to_be_mixed_has_no_outlier() -> None:
    mixed = rows(*[ENGLISH] * 20, *[GERMAN] * 20)
    assert list(other_languages(mixed, languages(mixed))) == []


@pytest.mark.medium
def test_a_late_line_of_a_large_set_is_found_as_well() -> None:
    large = rows(*[f"{ENGLISH} Number {n}." for n in range(2_100)], GERMAN)
    (found,) = other_languages(large, languages(large))
    assert found.line == 2_101


def test_texts_that_are_short_have_no_language() -> None:
    assert languages(rows("ja", "si")) == [None, None]
