"""The difference of two texts, word by word: [-removed-] and [+added+].

Bounded: of long texts only the beginning is compared, and it is said how much was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

MOST_WORDS = 300
"""Words of each side that are compared; the search is quadratic."""
LONGEST = 4_000
"""Characters of each side that are looked at."""

_TOKEN = re.compile(r"\n|[^\s]+")


def word_diff(old: str, new: str) -> str:
    """Return the new text with what changed marked; white space but line feeds is one space."""
    before, after = _words(old), _words(new)
    marked = " ".join(_pieces(before[:MOST_WORDS], after[:MOST_WORDS]))
    if old != new and before == after and len(old) <= LONGEST and len(new) <= LONGEST:
        marked += " (only white space differs)"
    return marked + _left_out(old, new, before, after)


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text[:LONGEST])


def _pieces(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield " ".join(before[a:b])
            continue
        if b > a:
            yield f"[-{' '.join(before[a:b])}-]"
        if d > c:
            yield f"[+{' '.join(after[c:d])}+]"


def _left_out(old: str, new: str, before: list[str], after: list[str]) -> str:
    if max(len(before), len(after)) <= MOST_WORDS and max(len(old), len(new)) <= LONGEST:
        return ""
    return f" … (only the first {MOST_WORDS} words are compared)"
