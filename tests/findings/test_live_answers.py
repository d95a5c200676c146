"""Who answers is told by how near its likelihoods are, and by texts where there are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.findings.live_answers import KnownAnswers, LiveAnswers, diagnose
from harness.records import EndpointCheck
from harness.render.endpoint_check import endpoint_text, sentence

PLACES = [(f"case-{n}", 0) for n in range(8)]


def nlls(start: float, by: float = 0.0, wobble: float = 0.0) -> dict[tuple[str, int], float]:
    return {p: start + 0.1 * n + by + wobble * (-1) ** n for n, p in enumerate(PLACES)}


def texts(word: str, odd: int = 0) -> dict[str, str]:
    return {case: "odd" if n < odd else f"{word} {case}" for n, (case, _) in enumerate(PLACES)}


PROMOTED = KnownAnswers("v2", "promoted", nlls(1.0), texts("two"))
OLD = KnownAnswers("v1", "another", nlls(1.2), texts("one"))
BASE = KnownAnswers("base", "base", nlls(3.0), texts("base"))
RIGHT = LiveAnswers(PROMOTED.nlls, PROMOTED.texts, BASE.nlls)


def told(live: LiveAnswers) -> tuple[str, str, str]:
    found = diagnose(live, PROMOTED, [BASE, OLD])
    return found.answerer, found.name, found.rounding


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("promoted", "v2", "float32")),
        ({"nlls": nlls(1.0, wobble=0.02), "texts": texts("two", odd=2)},
         ("promoted", "v2", "bfloat16")),
        ({"nlls": OLD.nlls}, ("another", "v1", "float32")),
        ({"nlls": BASE.nlls}, ("base", "base", "float32")),
        ({"nlls": nlls(1.8)}, ("partly", "", "")),
        ({"nlls": nlls(1.08), "base_nlls": nlls(3.2)}, ("quantisation", "v2", "")),
        ({"nlls": nlls(4.0), "base_nlls": nlls(5.0)}, ("other base", "", "")),
        ({"nlls": nlls(1.08), "base_nlls": {}}, ("quantisation", "v2", "")),
        ({"nlls": nlls(9.0), "base_nlls": {}}, ("unknown", "", "")),
        ({"other_template": True}, ("template", "", "")),
        ({"texts": texts("else")}, ("template", "v2", "float32")),
        ({"nlls": {}}, ("promoted", "v2", "")),
        ({"nlls": {}, "texts": texts("two", odd=3)}, ("promoted", "v2", "")),
        ({"nlls": {}, "texts": texts("one")}, ("another", "v1", "")),
        ({"nlls": {}, "texts": texts("base")}, ("base", "base", "")),
        ({"nlls": {}, "texts": texts("else")}, ("partly", "", "")),
        ({"nlls": {}, "texts": {}}, ("unknown", "", "")),
    ],
)  # fmt: skip
def test_who_answers(change: dict[str, object], expected: tuple[str, str, str]) -> None:
    assert told(replace(RIGHT, **change)) == expected  # type: ignore[arg-type]


def test_texts_that_all_sides_write_tell_nothing() -> None:
    same = [replace(one, texts=texts("same")) for one in (PROMOTED, BASE, OLD)]
    live = LiveAnswers(texts=texts("same"))
    assert diagnose(live, same[0], same[1:]).answerer == "unknown"


def test_what_is_equally_near_to_two_is_the_promoted_one() -> None:
    twin = replace(OLD, nlls=PROMOTED.nlls)
    assert diagnose(RIGHT, PROMOTED, [twin]).answerer == "promoted"


CHECK = EndpointCheck(
    "openers", "http://a/v1", "live", "2026-01-01T00:00:00Z", "v2", "d" * 64, "other", "another",
    "v1", "float32", 8, 0.2, 8, 3,
)  # fmt: skip


def test_the_words_name_both_adapters_and_the_next_step() -> None:
    assert sentence(CHECK) == "live at http://a/v1: v1 answers, not v2"
    shown = endpoint_text(CHECK)
    assert "8 ideals 0.2 apart in NLL, 3 of 8 texts equal" in shown
    assert "next  serve the promoted bytes" in shown


@pytest.mark.parametrize(
    "answers",
    ["promoted", "another", "base", "other base", "template", "quantisation", "partly", "unknown"],
)
def test_every_answer_has_a_sentence(answers: str) -> None:
    shown = endpoint_text(replace(CHECK, answers=answers))
    assert ("next" in shown) == (answers != "promoted")
