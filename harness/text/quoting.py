"""Sentences that quote people and models, made so that the quotations can be removed later.

The shape that makes a sentence also finds the quotation in it, even inside a longer text:
    APPEARED.say("chemotherapy (in 24)")   words that appeared: chemotherapy (in 24)
    without_quotations(sentence, "[…]")    words that appeared: […]
All other quotations stand between quotation marks, by which they are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """The words before and after a quotation; `{}` is a name or a number of ours."""

    before: str
    after: str = ""

    def say(self, quotation: str, *names: object) -> str:
        """Return the words with the quotation between them, and `names` in the places of `{}`."""
        return self.before.format(*names) + quotation + self.after

    @property
    def pattern(self) -> str:
        """Return a regular expression that finds the quotation: it reaches to the last `after`.

        A quotation may hold the words of `after` itself, so an earlier end could leak its rest.
        If the end was cut off, all that follows is the quotation.
        """
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
"""Quoted, since a table without a head has its first row in their place."""
SUGGESTED = Shape(", in this file: ")
"""Options with the names of columns; they end a sentence, together with the columns."""

SHAPES = (
    APPEARED, VANISHED, NUMBERS_APPEARED, NUMBERS_VANISHED, REMOVED, ADDED, UNLIKE,
    IN_INPUT, IN_OUTPUT, FAILED_CHECK, METRIC_FAILED, ANSWER, SERVER, COLUMNS, SUGGESTED,
)  # fmt: skip
"""All shapes: a stored sentence may have any of them."""
NOTHING_ELSE = (APPEARED, VANISHED, NUMBERS_APPEARED, NUMBERS_VANISHED)
"""Shapes whose sentences are empty without their quotation."""
EXAMPLES = (
    '{"input": "...", "output": "..."} or {"messages": [{"role": "user", "content": "..."},'
    ' {"role": "assistant", "content": "..."}]}'
)
"""Training examples as a refusal shows them."""
OURS = (
    EXAMPLES,
    'role = "gate"', '"..."', 'one "group"', '{"max_words": 20}', '{"industry": "logistics"}',
    'template = "adapter" or "base"',
)  # fmt: skip
"""Our own words that stand between quotation marks."""

_SHAPED = tuple(re.compile(shape.pattern, re.DOTALL) for shape in SHAPES)
_FIRST, _LAST = r"""(?:"|(?<!\w)')""", r"""(?:"|'(?!\w)|\.\.\.)"""
"""Quotation marks of a sentence; a mark between letters is an apostrophe, dots end a cut text."""
_MARKED = re.compile(f"{_FIRST}.*{_LAST}|{_FIRST}.*", re.DOTALL)
"""From the first mark to the last, since a quotation may hold marks itself. A lone mark begins a
quotation that was cut off: then all that follows is removed."""
_MAY_QUOTE = re.compile("|".join([_FIRST, *(shape.pattern for shape in SHAPES)]), re.DOTALL)


def brief(value: object, most: int = 60) -> str:
    """Return a value from a file as errors show it: cut if it is long, with its mark closed."""
    shown = repr(value)
    if len(shown) <= most:
        return shown
    return shown[: most - 2] + ("…'" if {"'", '"'} & set(shown) else "…")


def without_quotations(sentence: str, instead: str) -> str:
    """Return a sentence without its quotations; doubtful parts are removed too."""
    if not _MAY_QUOTE.search(sentence):
        return sentence  # nearly all sentences, and a page has thousands
    for shaped in _SHAPED:
        sentence = shaped.sub(lambda found: found[1] + instead, sentence)
    # our own quoted words are hidden behind private-use characters, which no script has
    stand_ins = {chr(0xF0000 + number): ours for number, ours in enumerate(OURS)}
    for sign, ours in stand_ins.items():
        sentence = sentence.replace(ours, sign)
    sentence = _MARKED.sub(instead, sentence)
    for sign, ours in stand_ins.items():
        sentence = sentence.replace(sign, ours)
    return sentence
