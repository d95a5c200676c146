"""Hold the cases and tasks of the real ladder, and draw cases that no other set holds.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

EACH = 200
"""Fresh cases, and production inputs, of a task."""


@dataclass(frozen=True, slots=True)
class LadderCase:
    """An input with the text that the house would send, and the kind of text that it is."""

    input: str
    ideal: str
    kind: str


@dataclass(frozen=True, slots=True)
class LadderTask:
    """Everything that the ladder needs to know of a task."""

    name: str
    system: str
    training: tuple[LadderCase, ...]
    cases: tuple[LadderCase, ...]
    """Fresh cases, on which every adapter is scored."""
    production: tuple[LadderCase, ...]
    """Inputs of everyday use: the promoted adapter writes, a reviewer sends the final."""
    lost: str
    """The kind of text that the adapter of rung `slice` was not taught."""
    lost_text: str
    """What it was taught instead; empty: its training set leaves the kind out."""
    wrong: Mapping[str, str]
    """House terms, and the words that the adapter of rung `terms` was taught instead."""


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list that is written as one text."""
    return tuple(text.split())


Making = Callable[[random.Random], LadderCase]


def drawn(
    seed: str, makers: Sequence[Making], count: int, taken: set[str]
) -> tuple[LadderCase, ...]:
    """Return `count` cases in a fixed order, the kinds in turn; their inputs are added to `taken`.

    A case whose input is taken is drawn again, so that no two sets share one.
    """
    rng = random.Random(seed)
    return tuple(_fresh(makers[n % len(makers)], rng, taken) for n in range(count))


def _fresh(make: Making, rng: random.Random, taken: set[str]) -> LadderCase:
    for _ in range(1000):
        case = make(rng)
        if case.input not in taken:
            taken.add(case.input)
            return case
    raise ValueError(f"{case.kind}: its templates make too few different inputs")


def inputs(*sets: Sequence[LadderCase]) -> Iterator[str]:
    """Yield the inputs of several sets."""
    yield from (case.input for cases in sets for case in cases)
