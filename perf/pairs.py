"""Measure things in turn and compare them: median ratios, their spread, the machine's noise.

The rule. The same fixed work is timed before and after every measured piece. A pair's noise is how
far the slowest of its timings of fixed work lies above the fastest; a comparison's noise is the
median over its pairs. Above `NOISY` no figure is given. The spread is the interval that covers the
median with at least 95 % (by signs, for any distribution), and all from lowest to highest where
fewer than six pairs allow no such interval. A goal is kept, or missed, where the whole spread says
so. Tested in tests/perf/test_pairs.py.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

NOISY = 0.15
"""A ratio may differ from 1 by as much on a machine that does other work."""
RULE = (
    "The same fixed work is timed before and after every piece; a pair's noise is how far its"
    " slowest timing lies above its fastest. Where the median noise of a row's pairs is above"
    f" {NOISY:.0%}, the row says so in place of figures. Ratios are medians over the pairs of a"
    " row, taken in turn; in brackets the interval that covers the median with 95 % (by signs), or"
    " lowest to highest with fewer than six pairs. A goal is kept or missed where the whole"
    " interval says so"
)
SIZE, PRODUCTS, TRIES = 1024, 4, 3
"""The fixed work: products of two square matrices of this size, on all cores; the median of some
tries, since a blip of milliseconds is no noise for a piece of many seconds."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Turn(Generic[Found]):
    """A measured piece, and the seconds that the fixed work took before and after it."""

    found: Found
    before: float
    after: float


@dataclass(frozen=True)
class Spread:
    """A median, and the interval that covers it."""

    middle: float
    low: float
    high: float

    def told(self, form: str = ".2f") -> str:
        """Return the median with the interval in brackets; a single figure has none."""
        if self.low == self.high:
            return f"{self.middle:{form}}"
        return f"{self.middle:{form}} ({self.low:{form}} to {self.high:{form}})"

    def reaches(self, goal: float) -> str:
        """Return whether figures of which less is better keep a goal."""
        if self.high <= goal:
            return "kept"
        return "missed" if self.low > goal else "open: the spread lies on both sides"


@dataclass(frozen=True)
class Pair:
    """Two figures from the same round, and the noise of the machine meanwhile."""

    left: float
    right: float
    noise: float


@dataclass(frozen=True)
class Comparison:
    """Pairs of figures, one for each round."""

    pairs: tuple[Pair, ...]

    @property
    def ratio(self) -> Spread:
        """Left over right."""
        return spread(pair.left / pair.right for pair in self.pairs)

    @property
    def more(self) -> Spread:
        """Left less right."""
        return spread(pair.left - pair.right for pair in self.pairs)

    @property
    def left(self) -> float:
        """The median of the first figures."""
        return statistics.median(pair.left for pair in self.pairs)

    @property
    def right(self) -> float:
        """The median of the second figures."""
        return statistics.median(pair.right for pair in self.pairs)

    @property
    def too_noisy(self) -> str:
        """What is said in place of figures; empty where the machine kept still."""
        noise = statistics.median(pair.noise for pair in self.pairs)
        return too_noisy(noise)


def too_noisy(noise: float) -> str:
    """Return the sentence for a noise above `NOISY`, or nothing."""
    return f"too noisy to tell: fixed work varied by {noise:.0%}" if noise > NOISY else ""


def spread(values: Iterable[float]) -> Spread:
    """Return the median with its interval, as the module describes it."""
    from scipy.stats import quantile_test

    found = sorted(values)
    low, high = quantile_test(found, p=0.5).confidence_interval(0.95)
    if math.isnan(low) or math.isnan(high):
        low, high = found[0], found[-1]
    return Spread(statistics.median(found), float(low), float(high))


def noise(*turns: Turn[Any]) -> float:
    """Return how far the slowest fixed work of some turns lies above the fastest."""
    timings = [timing for turn in turns for timing in (turn.before, turn.after)]
    return max(timings) / min(timings) - 1


def compared(
    left: Sequence[Turn[Found]],
    right: Sequence[Turn[Found]],
    figure: Callable[[Found], float] = float,
) -> Comparison:
    """Compare a figure of two things that took turns, round by round."""
    return Comparison(
        tuple(
            Pair(figure(a.found), figure(b.found), noise(a, b))
            for a, b in zip(left, right, strict=True)
        )
    )


def in_turn(
    actions: Mapping[str, Callable[[], Found]],
    rounds: int,
    fixed: Callable[[], float] | None = None,
) -> dict[str, list[Turn[Found]]]:
    """Run every action once a round, in alternating order, with the fixed work between them.

    Every figure is shown on stderr as it comes, those that are too noisy for a table too.
    """
    timed = fixed or fixed_work
    taken: dict[str, list[Turn[Found]]] = {name: [] for name in actions}
    timed()  # the first is slower: memory and threads are new
    for number in range(rounds):
        before = timed()
        for name in list(actions)[:: -1 if number % 2 else 1]:
            found = actions[name]()
            after = timed()
            taken[name].append(Turn(found, before, after))
            print(
                f"round {number + 1}, {name}: {found}; fixed work {before:.3f}, {after:.3f} s",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            before = after
    return taken


def fixed_work() -> float:
    """Return the seconds that the fixed work takes now."""
    matrix, spent = _matrix(), []
    for _ in range(TRIES):
        begun = time.perf_counter()
        for _ in range(PRODUCTS):
            matrix @ matrix
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


@cache
def _matrix() -> Any:
    import numpy as np

    return np.full((SIZE, SIZE), 1e-3, dtype=np.float32)
