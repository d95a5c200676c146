"""Describe the words and numbers that appeared in, or vanished from, a candidate's texts.

Tested in tests/judge/test_notes.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain

from harness.text.left_out import is_left_out
from harness.text.quoting import APPEARED, NUMBERS_APPEARED, NUMBERS_VANISHED, VANISHED, Shape

MAX_READ = 10_000
"""Characters of a text that are read."""
NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
WORD = re.compile(r"[^\W\d_]{2,40}")
MIN_OCCURRENCES = 2
"""Cases in which a word has to change before it is named; a number is named from the first."""


def changed_terms(pairs: Iterable[tuple[str, str]], most: int = 5) -> tuple[str, ...]:
    """Describe the terms that changed most; `pairs` are reference and candidate texts."""
    appeared: Counter[str] = Counter()
    vanished: Counter[str] = Counter()
    for before, now in pairs:
        if is_left_out(before) or is_left_out(now):
            continue  # of such a text only the digest is known
        old, new = _terms(before), _terms(now)
        appeared.update(new - old)
        vanished.update(old - new)
    appeared, vanished = appeared - vanished, vanished - appeared
    lines = (
        _line(APPEARED, _top(appeared, False, most)),
        _line(VANISHED, _top(vanished, False, most)),
        _line(NUMBERS_APPEARED, _top(appeared, True, most)),
        _line(NUMBERS_VANISHED, _top(vanished, True, most)),
    )
    return tuple(line for line in lines if line)


def _terms(text: str) -> set[str]:
    head = text[:MAX_READ]
    words = (word.casefold() for word in WORD.findall(head))
    return set(chain(words, NUMBER.findall(head)))


def _top(counts: Counter[str], numbers: bool, most: int) -> list[tuple[str, int]]:
    kept = [
        (term, count)
        for term, count in counts.items()
        if term[0].isdigit() == numbers and count >= (1 if numbers else MIN_OCCURRENCES)
    ]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:most]


def _line(shape: Shape, top: list[tuple[str, int]]) -> str:
    said = ", ".join(f"{term} (in {count})" for term, count in top)
    return shape.say(said) if said else ""
