"""Sentences of ours that quote what people and models wrote, made so that the quote can go again.

A sentence is made by the shape that takes its quotation out again, in whatever it stands by then:
    APPEARED.say("chemotherapy (in 24)")   words that appeared: chemotherapy (in 24)
    without_quotations(sentence, "[…]")    words that appeared: […]
Every other quotation stands between quotation marks, and goes by them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands before and after a quotation; `{}` is a name or a number of ours."""

    before: str
    after: str = ""

    def say(self, quotation: str, *names: object) -> str:
        """Return the sentence, or the part of it that this is."""
        return self.before.format(*names) + quotation + self.after

    @property
    def pattern(self) -> str:
        """Return what finds it: everything up to its last end is the quotation."""
        before = ".{1,300}?".join(map(re.escape, self.before.split("{}")))
        ended = f".+(?={re.escape(self.after)})|" if self.after else ""
        return f"({before})(?:{ended}.+)"


APPEARED = Shape("words that appeared: ")
VANISHED = Shape("words that vanished: ")
NUMBERS_APPEARED = Shape("numbers that appeared: ")
NUMBERS_VANISHED = Shape("numbers that vanished: ")
REMOVED = Shape("editors remove `", "`: from ")
ADDED = Shape("editors add `", "`: to ")
UNLIKE = Shape("inputs: {} recent ones are unlike the benchmark's {} (p {}), such as: ")
IN_INPUT = Shape(" in the input: ")
IN_OUTPUT = Shape(" in the output: ")
FAILED_CHECK = Shape("fails its own {} check {}: ")
METRIC_FAILED = Shape("metric {} failed on case {}: ")
ANSWER = Shape("(it begins with ", ")")
SERVER = Shape("the server says {} (", ")")
COLUMNS = Shape("(columns: ", ")")
"""A table without a head has its first row in their place."""

SHAPES = (
    APPEARED, VANISHED, NUMBERS_APPEARED, NUMBERS_VANISHED, REMOVED, ADDED, UNLIKE,
    IN_INPUT, IN_OUTPUT, FAILED_CHECK, METRIC_FAILED, ANSWER, SERVER, COLUMNS,
)  # fmt: skip
"""All of them: what is stored or came by a report may have any shape."""
NOTHING_ELSE = (APPEARED, VANISHED, NUMBERS_APPEARED, NUMBERS_VANISHED)
"""Sentences that say nothing but what they quote."""
OURS = (
    'role = "gate"', '"..."', 'one "group"', '{"max_words": 20}', '{"industry": "logistics"}',
)  # fmt: skip
"""Between quotation marks, and still nothing but our own words."""

_SHAPED = tuple(re.compile(shape.pattern, re.DOTALL) for shape in SHAPES)
_FIRST, _LAST = r"""(?:"|(?<!\w)')""", r"""(?:"|'(?!\w)|\.\.\.)"""
"""Quotation marks of a sentence; one between letters is an apostrophe, dots end what was cut."""
_MARKED = re.compile(f"{_FIRST}.*{_LAST}|{_FIRST}.*", re.DOTALL)
"""From the first mark to the last, for what is quoted may hold marks itself. One that is alone
begins a quotation that was cut off: then all that follows is it."""
_MAY_QUOTE = re.compile("|".join([_FIRST, *(shape.pattern for shape in SHAPES)]), re.DOTALL)


def brief(value: object, most: int = 60) -> str:
    """Return a value of somebody's as an error shows it: cut where it is long, its mark closed."""
    shown = repr(value)
    if len(shown) <= most:
        return shown
    return shown[: most - 2] + ("…'" if {"'", '"'} & set(shown) else "…")


def without_quotations(sentence: str, instead: str) -> str:
    """Return a sentence without what it may quote; what is in doubt goes with it."""
    if not _MAY_QUOTE.search(sentence):
        return sentence  # nearly all of them, and a page has thousands
    for shaped in _SHAPED:
        sentence = shaped.sub(lambda found: found[1] + instead, sentence)
    for number, ours in enumerate(OURS):
        sentence = sentence.replace(ours, _stand_in(number))
    sentence = _MARKED.sub(instead, sentence)
    for number, ours in enumerate(OURS):
        sentence = sentence.replace(_stand_in(number), ours)
    return sentence


def _stand_in(number: int) -> str:
    """Return a sign that no script has."""
    return chr(0xF0000 + number)
