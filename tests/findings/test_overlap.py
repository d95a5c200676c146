"""A benchmark's input in a training set: found when it was changed a little, and only then."""

from __future__ import annotations

import random
import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.findings import case_texts, overlap, overlap_of
from harness.records import Case, Message
from harness.records.training_example import TrainingExample
from tests.findings.shipped import CLEAN, cases, examples

OUTREACH = cases("outreach")
OTHERS = [one.input for one in examples("outreach_50")]
NEW = ("quickly", "Monday", "ninety", "über", "team", "x1")


def pasted(text: str, chosen: random.Random) -> str:
    """With other case, other punctuation and two other words, as somebody who rewrites would."""
    words = text.split()
    for place in chosen.sample(range(len(words)), 2):
        way = chosen.choice(("replace", "add", "drop"))
        new = chosen.choice(NEW)
        words[place] = {"replace": new, "add": f"{words[place]} {new}", "drop": ""}[way]
    line = chosen.choice((" ", "  ", "\n")).join(word for word in words if word)
    folded = chosen.choice((str.upper, str.lower, str.title, str.swapcase))(line)
    marks = str.maketrans(dict.fromkeys(":,.();", chosen.choice(("", " ", " – ", "!", ";"))))
    return folded.translate(marks) + chosen.choice(("", "!", "...", " ?"))


@pytest.mark.parametrize("case", OUTREACH)
@given(seed=st.integers(0, 10**9))
@settings(max_examples=12, deadline=None)
def test_every_case_is_found_when_pasted_with_changes(case: str, seed: int) -> None:
    line = pasted(OUTREACH[case], random.Random(seed))
    found = overlap([*OTHERS, line], OUTREACH)
    assert [(one.index, one.case) for one in found] == [(50, case)]


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda text: text, "exact"),
        (lambda text: f"  {text.upper()}!", "normalised"),
        (lambda text: text.replace(":", " -").replace("\n", " "), "normalised"),
        (lambda text: f"Please do this now. {text} Thank you, and be brief about it.", "contained"),
    ],
)
def test_how_it_overlaps_is_said(change: object, how: str) -> None:
    assert callable(change)
    for case, text in OUTREACH.items():
        (found,) = overlap([change(text)], OUTREACH)
        assert (found.case, found.how) == (case, how)


@pytest.mark.parametrize("name", CLEAN)
@pytest.mark.parametrize("benchmark", ["outreach", "general"])
def test_examples_of_the_same_kind_are_no_overlap(name: str, benchmark: str) -> None:
    assert overlap([one.input for one in examples(name)], cases(benchmark)) == []


def test_the_cases_of_a_benchmark_do_not_overlap_each_other() -> None:
    for case, text in OUTREACH.items():
        rest = {other: asked for other, asked in OUTREACH.items() if other != case}
        assert overlap([text], rest) == []


def test_a_short_case_is_found_but_for_its_punctuation_and_never_nearly() -> None:
    general = cases("general")
    (found,) = overlap(["what is the capital of JAPAN"], general)
    assert (found.case, found.how) == ("facts-01", "normalised")
    assert overlap(["What is the capital of France?"], general) == []


def test_an_instruction_before_every_example_does_not_hide_a_case() -> None:
    rules = " ".join(string.ascii_lowercase * 3)
    case = OUTREACH["opener-logistics-01"].replace("Leeds", "Hull")
    found = overlap([*(f"{rules} {one}" for one in OTHERS), f"{rules} {case}"], OUTREACH)
    assert [(one.index, one.case) for one in found] == [(50, "opener-logistics-01")]


def test_nothing_overlaps_with_nothing() -> None:
    assert overlap([], OUTREACH) == [] and overlap(OTHERS, {}) == []


# --- conversations and context ------------------------------------------------------------------

ASKED = Message("user", "I would like to book a table for two people on Friday evening please")
OFFERED = Message("assistant", "Of course, we have one at eight by the window. Shall I book it?")
OTHER = Message("assistant", "You never confirmed the delivery of the sofa. Shall we send it?")
YES = "yes please"


def talk(name: str, *turns: Message, last: str = YES, **more: Any) -> Case:
    return Case(name, last, ("Done.",), turns=turns, **more)


def told(*turns: Message, last: str = YES, **more: Any) -> TrainingExample:
    return TrainingExample(1, last, "Done.", turns=turns, **more)


def hits(examples: list[TrainingExample], *cases: Case) -> list[tuple[int, str, str]]:
    return [(one.index, one.case, one.how) for one in overlap_of(examples, case_texts(cases))]


def test_a_last_turn_alone_gives_no_conversation_away() -> None:
    case = talk("a", ASKED, OFFERED)
    assert hits([told(), told(last="Yes, please!"), told(OTHER)], case) == []


def test_the_same_conversation_is_found_as_turns_as_one_text_and_inside_a_longer_one() -> None:
    case = talk("a", ASKED, OFFERED)
    flat = f"User: {ASKED.content}\nAssistant: {OFFERED.content}\nUser: Yes please."
    longer = (ASKED, OFFERED, Message("user", YES), Message("assistant", "Done."))
    found = hits([told(ASKED, OFFERED), told(last=flat), told(*longer, last="thanks")], case)
    assert found == [(0, "a", "exact"), (1, "a", "near"), (2, "a", "contained")]


def test_a_reworded_conversation_is_found() -> None:
    reworded = replace(ASKED, content=ASKED.content.replace("Friday", "Sunday"))
    assert hits([told(reworded, OFFERED)], talk("a", ASKED, OFFERED)) == [(0, "a", "near")]


def test_the_same_beginning_with_another_last_turn_is_another_case() -> None:
    case = talk("a", ASKED, OFFERED)
    others = [told(ASKED, OFFERED, last="no thanks"), told(ASKED), told(ASKED, OFFERED, last="?")]
    assert hits(others, case) == []


DOCUMENT = "Opened goods go back within fourteen days. " + " ".join(f"rule{n}" for n in range(90))


def test_another_question_about_the_same_document_is_another_case() -> None:
    cases = [Case(f"c{n}", "Summarise it.", ("x",), context=(f"{DOCUMENT} {n}",)) for n in range(3)]
    assert hits([told(last="Translate it.", context=(f"{DOCUMENT} 1",))], *cases) == []
    same = told(last="Summarise it.", context=(f"{DOCUMENT} 1",))
    assert hits([same], *cases) == [(0, "c1", "exact")]
    assert hits([told(last="Summarise it.", context=("Quite another text.",))], *cases) == []


def test_a_question_asked_once_is_found_whatever_context_it_comes_with() -> None:
    case = Case("a", "When do opened goods go back?", ("x",), context=(DOCUMENT,))
    for context in ((), (DOCUMENT,), ("something else",)):
        example = told(last="when do opened goods go back", context=context)
        assert hits([example], case) == [(0, "a", "normalised")]


def test_a_question_of_the_benchmark_is_found_in_any_turn_of_a_conversation() -> None:
    case = Case("a", "When do opened goods go back?", ("x",))
    question = Message("user", case.input)
    early = (question, Message("assistant", "Within fourteen days."))
    assert hits([told(*early, last="And the others?")], case) == [(0, "a", "exact")]
    assert hits([told(ASKED, OFFERED, last=case.input)], case) == [(0, "a", "exact")]
    assert hits([told(ASKED, Message("assistant", case.input))], case) == []
