"""Explanations of the edits: slices above the acceptable rate, an unusual reviewer, and words.

Each is named only where its confidence interval rules chance out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from harness.alarm.wilson import wilson
from harness.judge.terms import MAX_READ, WORD
from harness.records import Driver, Tally

MIN_REVIEWS = 10
"""Reviews with a final text that a slice or a reviewer needs to be named."""
MIN_WORDS = 3
"""Reviews in which editors must have changed a word before it is named."""
MAX_DRIVERS = 3
"""Explanations named of each kind."""
FAR = 1.5
"""Factor over the other reviewers' rate from which a reviewer stands apart."""


def slices_above(tallies: Iterable[Tally], acceptable: float) -> tuple[Driver, ...]:
    """Return the slices surely above the acceptable edit rate, the highest rate first."""
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
    """Return the named reviewers who surely edit far more than all others together."""
    n, total = sum(t.final_n for t in tallies), sum(t.edit_sum for t in tallies)
    found = []
    for tally in tallies:
        rate, others = tally.edit_rate, n - tally.final_n
        if not tally.key or rate is None or min(tally.final_n, others) < MIN_REVIEWS:
            continue
        # Rounding of the sums may leave less than zero for the others.
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
        """Count a review with a final text; an accepted review counts, as it shows what stays."""
        before, after = (
            {word.casefold() for word in WORD.findall(text[:MAX_READ])} for text in (output, final)
        )
        self._before.update(before)
        self._after.update(after)
        self._removed.update(before - after)
        self._added.update(after - before)

    def removed(self) -> tuple[Driver, ...]:
        """Return words that editors removed from more of the outputs than is usual for a word."""
        return _unusual("removed", self._removed, self._before)

    def added(self) -> tuple[Driver, ...]:
        """Return words that editors added in more of the final texts than is usual for a word."""
        return _unusual("added", self._added, self._after)


def _unusual(
    kind: Literal["removed", "added"], changed: Counter[str], all_: Counter[str]
) -> tuple[Driver, ...]:
    # The share of all words that changed: editors change some of any word.
    usual = sum(changed.values()) / max(1, sum(all_.values()))
    found = []
    for word, k in changed.items():
        if k >= MIN_WORDS:
            n = all_[word]
            low, high = wilson(k / n, n)
            found.append(Driver(kind, word, n, k / n, low, high))
    unusual = [one for one in found if one.low > usual]
    return tuple(sorted(unusual, key=lambda one: (-one.low, one.name))[:MAX_DRIVERS])
