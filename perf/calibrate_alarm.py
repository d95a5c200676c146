"""Measure how often the review alarm is wrong and how fast it finds a rise; in `make calibrate`.

Beside it the plain rule that teams use: this week's rate is above the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from harness.alarm.alarm import WeekCount, course
from harness.records import RetrainLine

LINE = RetrainLine(0.20, 0.25)
RISEN = 0.30
YEAR = 52
QUIET_YEARS = 3
SETTLED = 26
"""Weeks at the acceptable rate before a rise, or none."""
PATIENCE = 104
"""Weeks after a rise that are looked at; one that is not found by then counts as this many."""

Ints = NDArray[np.int64]
Sums = Callable[[np.random.Generator, float, Ints], NDArray[np.float64]]


def whole(rng: np.random.Generator, rate: float, n: Ints) -> NDArray[np.float64]:
    """Draw reviews that are either edited or not."""
    return rng.binomial(n, rate).astype(float)


def fractional(rng: np.random.Generator, rate: float, n: Ints) -> NDArray[np.float64]:
    """Leave half unedited and edit the rest by a share that varies around twice the rate."""
    edited = rng.binomial(n, 0.5)
    return np.array([rng.beta(4 * rate, 2 - 4 * rate, k).sum() for k in edited])


def uneven(rng: np.random.Generator, rate: float, n: Ints) -> NDArray[np.float64]:
    """Draw weeks that differ by chance: beta-binomial, with a correlation of 0.02 within a week."""
    about = 1 / 0.02 - 1
    return rng.binomial(n, rng.beta(rate * about, (1 - rate) * about, len(n))).astype(float)


@dataclass(frozen=True)
class World:
    """The number of reviews a week and their distribution."""

    name: str
    fewest: int
    most: int
    sums: Sums = whole

    def weeks(self, rng: np.random.Generator, rates: list[float]) -> list[WeekCount]:
        """Draw one week per rate."""
        counts = rng.integers(self.fewest, self.most + 1, len(rates))
        totals = np.empty(len(rates))
        for rate in set(rates):
            mine = np.array([one == rate for one in rates])
            totals[mine] = self.sums(rng, rate, counts[mine])
        return [
            WeekCount(str(i), int(n), float(x))
            for i, (n, x) in enumerate(zip(counts, totals, strict=True))
        ]


WORLDS = (
    World("20 to 200 reviews", 20, 200),
    World("20 reviews", 20, 20),
    World("50 reviews", 50, 50),
    World("100 reviews", 100, 100),
    World("200 reviews", 200, 200),
    World("20 to 200, fractional rates", 20, 200, fractional),
    World("20 to 200, uneven weeks", 20, 200, uneven),
    World("200, uneven weeks", 200, 200, uneven),
)


def detected(weeks: list[WeekCount]) -> Iterator[bool]:
    """Return for every week whether the alarm was raised in it."""
    return (week.alarm for week in course(weeks, LINE).weeks)


def above(weeks: list[WeekCount]) -> Iterator[bool]:
    """Return for every week whether the plain rule says retrain."""
    return (week.total / week.n > LINE.retrain for week in weeks)


Rule = Callable[[list[WeekCount]], Iterator[bool]]
RULES: tuple[Rule, ...] = (detected, above)


def false_alarms(world: World, rule: Rule, draws: int, seed: int) -> float:
    """Return false alarms a year, over three years at the acceptable rate, from their start."""
    rng = np.random.default_rng([seed, 1, *world.name.encode()])
    weeks = QUIET_YEARS * YEAR
    raised = sum(sum(rule(world.weeks(rng, [LINE.acceptable] * weeks))) for _ in range(draws))
    return raised / draws / QUIET_YEARS


def weeks_to_find(world: World, rule: Rule, settled: int, draws: int, seed: int) -> list[int]:
    """Return the weeks from the rise to the alarm; the week of the rise counts as the first."""
    rng = np.random.default_rng([seed, 2, settled, *world.name.encode()])
    rates = [LINE.acceptable] * settled + [RISEN] * PATIENCE
    found = []
    for _ in range(draws):
        after = list(rule(world.weeks(rng, rates)))[settled:]
        found.append(after.index(True) + 1 if True in after else PATIENCE)
    return found


def alarm_table(draws: int, seed: int) -> None:
    """Print one line per world."""
    print(
        f"the alarm on reviews: {draws} simulations a figure, seed {seed};"
        f" acceptable {LINE.acceptable:.0%}, line {LINE.retrain:.0%}, rise to {RISEN:.0%}"
    )
    print(f"{'':30}{'false alarms a year':>22}{'median weeks to find the rise (90 % within)':>48}")
    head = f"{'a week':30}{'alarm':>10}{'above line':>12}"
    print(f"{head}{'alarm, after 26':>20}{'alarm, at once':>16}{'above line':>12}")
    for world in WORLDS:
        quiet = [false_alarms(world, rule, draws, seed) for rule in RULES]
        delays = [
            weeks_to_find(world, detected, SETTLED, draws, seed),
            weeks_to_find(world, detected, 0, draws, seed),
            weeks_to_find(world, above, SETTLED, draws, seed),
        ]
        shown = [f"{median(d):.0f} ({np.quantile(d, 0.9):.0f})" for d in delays]
        print(
            f"{world.name:30}{quiet[0]:>10.3f}{quiet[1]:>12.2f}"
            f"{shown[0]:>20}{shown[1]:>16}{shown[2]:>12}",
            flush=True,
        )
    print()


if __name__ == "__main__":
    alarm_table(1000, 1)
