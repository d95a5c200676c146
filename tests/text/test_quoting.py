"""What a sentence quotes goes out of it, and what stays is our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.records import Driver, InputShift
from harness.text import quoting
from harness.text.quoting import SHAPES, Shape, brief, without_quotations
from harness.text.redact import LEFT_OUT, Redaction

SCENES = Path(__file__).parents[1] / "judge" / "scenes.json"
SHUT = Redaction(texts=False)
QUOTES = (
    "chemotherapy", "chemotherapy (in 24), insulin (in 2)", 'says "chemotherapy"', "(chemotherapy)",
    "chemotherapy\nof `to`: from", "it's chemotherapy", "chemotherapy `: to the",
)  # fmt: skip


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.before.strip())
def test_what_a_shape_says_it_takes_out_again(shape: Shape, quote: str) -> None:
    names = range(3, 3 + shape.before.count("{}"))
    said = f"guard benchmark b rejects: {shape.say(quote, *names)}"
    left = without_quotations(said, LEFT_OUT)
    assert quote in said
    assert "chemotherapy" not in left
    assert left.startswith(f"guard benchmark b rejects: {shape.before.format(*names)}")
    assert LEFT_OUT in left


def test_all_shapes_are_looked_for() -> None:
    made = {one for one in vars(quoting).values() if isinstance(one, Shape)}
    assert made == set(SHAPES)


def test_a_shape_that_was_cut_off_is_found_as_well() -> None:
    assert "chemo" not in without_quotations("the answer (it begins with chemo", LEFT_OUT)


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ('lacks "Hi Ana", said "no"; 2 broke', f"lacks {LEFT_OUT}; 2 broke"),
        ("adapter 'Ana Diaz' is unknown", f"adapter {LEFT_OUT} is unknown"),
        ("task \"it's Ana's\" is unknown", f"task {LEFT_OUT} is unknown"),
        ("`at` is 'the customers' Ana', a time is", f"`at` is {LEFT_OUT}, a time is"),
        ("`at` is 'Dear Ana, we", f"`at` is {LEFT_OUT}"),
        ("score is 'the customers' Ana ...; a score is", f"score is {LEFT_OUT}; a score is"),
        ("the benchmark's own cases, the adapters' bytes", None),
        ('give one metric role = "gate" in benchmark.toml', None),
        ("reviewer O'Brien: edit rate 30 %", None),
        ("`input` is empty, a text is needed", None),
    ],
)
def test_quotation_marks_and_not_apostrophes(sentence: str, left: str | None) -> None:
    assert without_quotations(sentence, LEFT_OUT) == (sentence if left is None else left)


@pytest.mark.parametrize("value", ["x" * 99, "it's " * 30, ["a" * 99, 'b"'], {"k": "v" * 99}])
def test_a_value_that_is_cut_goes_as_a_whole(value: object) -> None:
    shown = brief(value)
    assert len(shown) <= 60
    left = without_quotations(f"{shown} given, allowed is a text", LEFT_OUT)
    assert left.endswith("given, allowed is a text")
    assert "xx" not in left and "it's" not in left and "aa" not in left and "vv" not in left


def test_sentences_of_the_judge_lose_nothing_but_what_they_quote() -> None:
    """Over every scene: what goes are the words and numbers of texts."""
    scenes = json.loads(SCENES.read_text(encoding="utf-8"))
    said = {
        sentence
        for found in scenes.values()
        if isinstance(found, dict)
        for verdict in (found, *found.get("guards", ()))
        for part in ("reasons", "advice", "notes")
        for sentence in verdict.get(part, ())
    }
    changed = {one for one in said if without_quotations(one, LEFT_OUT) != one}
    terms = {one for one in said if one.startswith(("words that ", "numbers that "))}
    assert changed == terms != set()


def test_sentences_of_the_monitor_lose_words_and_inputs() -> None:
    from harness.alarm.alarm import watched
    from harness.alarm.reasons import reasons_of
    from harness.records import RetrainLine

    found = (
        Driver("slice", "industry=logistics", 20, 0.5, 0.4, 0.6),
        Driver("removed", "kowalska", 20, 0.5, 0.4, 0.6),
        Driver("added", "nowak", 20, 0.5, 0.4, 0.6),
    )
    moved = InputShift(40, 20, 0.5, 0.001, True, ("Write to Kowalska about chemotherapy",))
    signal = watched("edit_rate", (), RetrainLine(0.2, 0.3))
    exact = reasons_of((signal,), found, (), moved)
    assert "editors remove `kowalska`: from 10 of the 20 outputs that had it" in exact
    shown = " | ".join(SHUT.record(exact))
    assert "kowalska" not in shown.casefold() and "nowak" not in shown
    assert "slice industry=logistics: edit rate" in shown
    assert f"editors remove `{LEFT_OUT}`: from 10 of the 20 outputs that had it" in shown
    assert f"(p 0.001), such as: {LEFT_OUT}" in shown
