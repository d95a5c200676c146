"""Measure how often the review alarm is wrong and how fast it finds a rise; in `make calibrate`.

Beside it a CUSUM that is told the rise and how much weeks scatter, with a limit that gives it the
same false alarms, and the plain rule that teams use: this week's rate is above the line. The
constants of the alarm were chosen on other draws of the first four worlds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from harness.alarm.evidence import Detector
from harness.alarm.scatter import Floats, log_likelihood
from harness.records import FALSE_ALARMS, RetrainLine

YEAR = 52
QUIET_YEARS = 3
SETTLED = 26
"""Weeks at the acceptable rate before the rise."""
PATIENCE = 52
"""Weeks after a rise that are looked at; one that is not found by then counts as this many."""
LINE = RetrainLine(0.20, 0.25)

Draw = Callable[[np.random.Generator, float, Floats, float], Floats]


def whole(rng: np.random.Generator, rate: float, n: Floats, scatter: float) -> Floats:
    """Draw reviews that are edited or not, in weeks that scatter as much as is asked for."""
    shares = np.full(n.shape, rate)
    if scatter:
        about = 1 / scatter - 1
        shares = rng.beta(rate * about, (1 - rate) * about, n.shape)
    return rng.binomial(n.astype(int), shares).astype(float)


def fractional(rng: np.random.Generator, rate: float, n: Floats, scatter: float) -> Floats:
    """Leave half unedited and edit the rest by a share that varies around twice the rate."""
    edited = rng.binomial(n.astype(int), 0.5)
    shares = rng.beta(4 * rate, 2 - 4 * rate, (*n.shape, int(n.max())))
    return np.asarray((shares * (np.arange(shares.shape[-1]) < edited[..., None])).sum(axis=-1))


@dataclass(frozen=True)
class World:
    """The number of reviews a week, their distribution, and what the team has declared."""

    name: str
    fewest: int
    most: int
    scatter: float = 0.0
    line: RetrainLine = LINE
    risen: float = 0.30
    draw: Draw = whole
    empty: float = 0.0
    """Share of the weeks that have no reviews."""

    def weeks(
        self, rng: np.random.Generator, rates: list[float], draws: int
    ) -> tuple[Floats, Floats]:
        """Draw many series with a week for each rate: numbers of reviews and their sums."""
        n = rng.integers(self.fewest, self.most + 1, (len(rates), draws)).astype(float)
        n[rng.random(n.shape) < self.empty] = 0
        drawn = [self.draw(rng, *of, self.scatter) for of in zip(rates, n, strict=True)]
        return n, np.array(drawn)


WORLDS = (
    World("20 reviews", 20, 20),
    World("50 reviews", 50, 50),
    World("20, weeks scatter by .02", 20, 20, 0.02),
    World("50, weeks scatter by .02", 50, 50, 0.02),
    World("35, from 10 to 20 %", 35, 35, 0.0, RetrainLine(0.10, 0.15), 0.20),
    World("30, from 5 to 15 %, scatter .01", 30, 30, 0.01, RetrainLine(0.05, 0.10), 0.15),
    World("40, continuous edit rates", 40, 40, draw=fractional),
    World("3 to 200, a tenth empty, .02", 3, 200, 0.02, empty=0.1),
    World("200 reviews", 200, 200),
    World("50, only to the line, 25 %", 50, 50, risen=0.25),
)

Rule = Callable[[World, Floats, Floats], Floats]
"""From numbers and sums, a row for each week, to whether each series is alarmed in each week."""


def detected(world: World, n: Floats, totals: Floats) -> Floats:
    """Apply the alarm, which learns how much weeks scatter."""
    detector = Detector(world.line, n.shape[1])
    needed = world.line.weeks_between_false_alarms
    return np.array([detector.add(*week) >= needed for week in zip(n, totals, strict=True)])


def told(world: World, n: Floats, totals: Floats) -> Floats:
    """Apply the alarm of a team that has declared how much its weeks scatter."""
    return detected(replace(world, line=replace(world.line, scatter=world.scatter)), n, totals)


def above(world: World, n: Floats, totals: Floats) -> Floats:
    """Apply the plain rule: this week's rate is above the line."""
    return np.asarray(totals > n * world.line.retrain)


def cusum(world: World, limit: float) -> Rule:
    """Return a CUSUM that is told the rise and how much weeks scatter."""

    def apply(_: World, n: Floats, totals: Floats) -> Floats:
        gains = log_likelihood(totals, n, world.risen, world.scatter) - log_likelihood(
            totals, n, world.line.acceptable, world.scatter
        )
        height, raised = np.zeros(n.shape[1]), []
        for gain in gains:
            height = np.maximum(height, 0) + gain
            raised.append(height >= limit)
            height[raised[-1]] = 0
        return np.array(raised)

    return apply


def tuned_cusum(world: World, draws: int, seed: int) -> Rule:
    """Return the CUSUM whose limit gives as many false alarms as the alarm may raise."""
    low, high = 0.0, 15.0
    for _ in range(12):
        limit = (low + high) / 2
        often = sum(false_alarms(world, cusum(world, limit), draws, seed)) / 2
        low, high = (limit, high) if often > FALSE_ALARMS else (low, limit)
    return cusum(world, high)


def false_alarms(world: World, rule: Rule, draws: int, seed: int) -> tuple[float, float]:
    """Return false alarms in the first year at the acceptable rate, and a year after it."""
    rng = np.random.default_rng([seed, 1, *world.name.encode()])
    rates = [world.line.acceptable] * QUIET_YEARS * YEAR
    raised = rule(world, *world.weeks(rng, rates, draws)).sum(axis=1) / draws
    return float(raised[:YEAR].sum()), float(raised[YEAR:].sum()) / (QUIET_YEARS - 1)


def weeks_to_find(world: World, rule: Rule, settled: int, draws: int, seed: int) -> Floats:
    """Return the weeks from the rise to the alarm; the week of the rise counts as the first."""
    rng = np.random.default_rng([seed, 2, settled, *world.name.encode()])
    rates = [world.line.acceptable] * settled + [world.risen] * PATIENCE
    after = rule(world, *world.weeks(rng, rates, draws))[settled:]
    return np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, PATIENCE)


def alarm_table(draws: int, seed: int, settled: int = SETTLED) -> None:
    """Print one line per world."""
    print(f"the alarm on reviews: {draws} simulations a figure, seed {seed};")
    print(f"from {LINE.acceptable:.0%} to {WORLDS[0].risen:.0%} with the line at", end=" ")
    print(f"{LINE.retrain:.0%} unless said, after {settled} weeks at the acceptable rate;")
    print("scatter by .02: a correlation of .02 within weeks; told: the settings say the scatter;")
    print(f"CUSUM: told scatter and rise, tuned to {FALSE_ALARMS} false alarms a year")
    print(f"{'':32}{'false alarms: 1st year, later':>34}{'median weeks to find (90 %)':>38}")
    head = f"{'reviews a week':32}{'alarm':>16}{'above line':>18}"
    print(f"{head}{'alarm':>14}{'told':>12}{'CUSUM':>12}")
    for world in WORLDS:
        first, later = false_alarms(world, detected, draws, seed)
        plain = sum(false_alarms(world, above, draws, seed)) / 2
        rules = (detected, told, tuned_cusum(world, draws, seed))
        delays = [weeks_to_find(world, rule, settled, draws, seed) for rule in rules]
        shown = [f"{np.median(d):.0f} ({np.quantile(d, 0.9):.0f})" for d in delays]
        print(
            f"{world.name:32}{f'{first:.3f}, {later:.3f}':>16}{plain:>18.1f}"
            f"{shown[0]:>14}{shown[1]:>12}{shown[2]:>12}",
            flush=True,
        )
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settled", type=int, default=SETTLED)
    options = parser.parse_args()
    alarm_table(options.draws, options.seed, options.settled)
