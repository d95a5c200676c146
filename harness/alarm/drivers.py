"""What explains the edits: slices above the acceptable rate, a reviewer unlike the others, words.

Each is named only where its interval says more than chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from harness.alarm.wilson import wilson
from harness.judge.notes import MAX_READ, WORD
from harness.records import Driver, Tally

MIN_REVIEWS = 10
"""Reviews with a final that a slice or a reviewer needs."""
MIN_WORDS = 3
"""Reviews in which editors must have changed a word."""
MAX_DRIVERS = 3
"""Named of each kind."""
FAR = 1.5
"""A reviewer stands apart who edits this much more than the others."""


def slices_above(tallies: Iterable[Tally], acceptable: float) -> tuple[Driver, ...]:
    """Slices whose edit rate is surely above the acceptable one, the largest excess first."""
    found = []
    for tally in tallies:
        rate, n = tally.edit_rate, tally.final_n
        if rate is None or n < MIN_REVIEWS:
            continue
        low, high = wilson(rate, n)
        if low > acceptable:
            found.append(Driver("slice", tally.key, n, rate, low, high))
    return tuple(sorted(found, key=lambda one: (-one.rate, one.name))[:MAX_DRIVERS])


def reviewers_apart(tallies: Sequence[Tally]) -> tuple[Driver, ...]:
    """Reviewers who surely edit far more than all the others together; nobody has no name."""
    n, total = sum(t.final_n for t in tallies), sum(t.edit_sum for t in tallies)
    found = []
    for tally in tallies:
        rate, others = tally.edit_rate, n - tally.final_n
        if not tally.key or rate is None or min(tally.final_n, others) < MIN_REVIEWS:
            continue
        rest = max(0.0, total - tally.edit_sum) / others
        low, high = wilson(rate, tally.final_n)
        if low > max(wilson(rest, others)[1], FAR * rest):
            found.append(Driver("reviewer", tally.key, tally.final_n, rate, low, high, rest))
    return tuple(sorted(found, key=lambda one: (-one.rate, one.name))[:MAX_DRIVERS])


class EditedWords:
    """Words that editors remove and add, counted once per review."""

    def __init__(self) -> None:
        self._before: Counter[str] = Counter()
        self._after: Counter[str] = Counter()
        self._removed: Counter[str] = Counter()
        self._added: Counter[str] = Counter()

    def add(self, output: str, final: str) -> None:
        """One review with a final, an accepted one too: it shows which words stay."""
        before, after = _words(output), _words(final)
        self._before.update(before)
        self._after.update(after)
        self._removed.update(before - after)
        self._added.update(after - before)

    def removed(self) -> tuple[Driver, ...]:
        """Of the outputs that had a word, how many lost it: more often than words usually do."""
        return _unusual("removed", self._removed, self._before)

    def added(self) -> tuple[Driver, ...]:
        """Of the finals that have a word, how many got it from an editor."""
        return _unusual("added", self._added, self._after)


def _unusual(
    kind: Literal["removed", "added"], changed: Counter[str], all_: Counter[str]
) -> tuple[Driver, ...]:
    usual = sum(changed.values()) / max(1, sum(all_.values()))
    found = []
    for word, k in changed.items():
        if k >= MIN_WORDS:
            n = all_[word]
            low, high = wilson(k / n, n)
            found.append(Driver(kind, word, n, k / n, low, high))
    unusual = [one for one in found if one.low > usual]
    return tuple(sorted(unusual, key=lambda one: (-one.low, one.name))[:MAX_DRIVERS])


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text[:MAX_READ])}
