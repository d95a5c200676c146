"""Two voices of one house: the texts before the repositioning of June, and those after it.

Openers, subject lines and replies to objections change; call notes and house terms stay. A rule
turns an old text into the new voice, so that ideals of both voices exist for every input.

Tested in tests/perf/test_year.py.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from ladder_cases import LadderCase
from ladder_outreach import crm_note, objection, opener, subject, terminology

CHANGED = ("opener", "subject", "objection")
"""The kinds of text whose voice changes."""
MAKERS = (opener, subject, objection, crm_note, terminology)
_FIRM = re.compile(r"(?:To|From): [^,\n]+, (.+?) \(")
_TOPIC = re.compile(r": | across | at | for | in ")


def new_voice(asked: str, kind: str, text: str) -> str:
    """Return what the house says from June on for an input, given its text in the old voice."""
    if kind == "opener":
        greeting, rest = text.split(", ", 1)
        question = rest.rpartition("; ")[2].rstrip("?")
        return f"{greeting}, one question: {question} at {_firm(asked)}?"
    if kind == "subject":
        topic, *rest = _TOPIC.split(text, maxsplit=1)
        return f"quick question: {', '.join([topic, *rest])}"
    if kind == "objection":
        said, *rest = text.split(". ")
        name = said.split(", ")[1]
        return f"Thanks for being straight, {name}. {'. '.join(rest)}"
    return text


def _firm(asked: str) -> str:
    found = _FIRM.search(asked)
    if found is None:
        raise ValueError(f"the input names no firm: {asked}")
    return found[1]


def fresh_inputs(seed: str, taken: set[str]) -> Iterator[LadderCase]:
    """Yield inputs of everyday use without end, the kinds in turn, with ideals of the old voice."""
    rng = random.Random(seed)
    while True:
        for make in MAKERS:
            case = make(rng)
            if case.input not in taken:
                taken.add(case.input)
                yield case


def in_new_voice(case: LadderCase) -> LadderCase:
    """Return a case with the ideal that holds from June on."""
    return LadderCase(case.input, new_voice(case.input, case.kind, case.ideal), case.kind)
