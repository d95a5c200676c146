"""Which words and numbers appeared or vanished between two sides' texts, over all cases.

Counted in cases, not in occurrences: one babbling output must not drown the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain

from harness.text.quoting import APPEARED, NUMBERS_APPEARED, NUMBERS_VANISHED, VANISHED, Shape

MOST_READ = 10_000
"""Characters of a text that are looked at."""
NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
WORD = re.compile(r"[^\W\d_]{2,40}")
FEWEST = 2
"""A word has to change in this many cases to be worth a line; a number in one."""


def changed_terms(pairs: Iterable[tuple[str, str]], most: int = 5) -> tuple[str, ...]:
    """Sentences about the terms that changed most; `pairs` are reference and candidate texts."""
    appeared: Counter[str] = Counter()
    vanished: Counter[str] = Counter()
    for before, now in pairs:
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
    head = text[:MOST_READ]
    words = (word.casefold() for word in WORD.findall(head))
    return set(chain(words, NUMBER.findall(head)))


def _top(counts: Counter[str], numbers: bool, most: int) -> list[tuple[str, int]]:
    kept = [
        (term, count)
        for term, count in counts.items()
        if term[0].isdigit() == numbers and count >= (1 if numbers else FEWEST)
    ]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:most]


def _line(shape: Shape, top: list[tuple[str, int]]) -> str:
    said = ", ".join(f"{term} (in {count})" for term, count in top)
    return shape.say(said) if said else ""
