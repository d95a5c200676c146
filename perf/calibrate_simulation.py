"""Simulated benchmarks: bounded, skewed, tied scores of two adapters on the same cases.

Every scenario states its truth for the population of cases, so that an outcome is right or wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from harness.judge import Paired
from harness.judge.paired import memberships
from harness.records import BASE

Floats = NDArray[np.float64]

SPREAD = 0.045
"""Paired spread of `ideal_likelihood`, as measured on real adapters."""
MARGINS = {"edit_similarity": 0.05, "embedding_similarity": 0.05, "ideal_likelihood": 0.03}
BREAKS = 0.10
SLICES = 5
"""Of five cases or more; fewer slices where there are not that many cases."""
SLICE_LOSS = 0.30
SLICE_LIKELIHOOD_LOSS = 0.12
PERFECT = 0.15
"""Share of outputs that equal an ideal: ties at 1."""


@dataclass(frozen=True)
class World:
    """A distribution of scores, and the correlation of two adapters of one task."""

    name: str
    correlation: float
    metrics: tuple[str, ...]
    """What was scored; the rules follow from it. With a likelihood, the similarities guard."""
    spread: float = SPREAD
    """Paired spread of the likelihood."""
    mean: float = 0.45
    """Mean likelihood of the promoted adapter."""
    gain: float | None = None
    """Gain over the base; without one there is no run of the base."""
    skewed: bool = False
    """Whether a few cases fall far and the others rise a little."""
    tied: float = 0.0
    """Share of cases in which both adapters score the same."""
    slice_spread: float = 0.0
    """How much the slices' means scatter, around a mean difference that is nothing."""

    @property
    def gate(self) -> str:
        """The first gate, which a threshold on the mean would look at."""
        return next(m for m in ("ideal_likelihood", "edit_similarity") if m in self.metrics)


EDIT, MEANING, LIKELIHOOD = "edit_similarity", "embedding_similarity", "ideal_likelihood"
WORLDS = (
    World("likelihood alone", 0.6, (LIKELIHOOD,)),
    World("likelihood, 2 guards", 0.6, (LIKELIHOOD, EDIT, MEANING)),
    World("one similarity, r 0.3", 0.3, (EDIT,)),
    World("one similarity, r 0.6", 0.6, (EDIT,)),
    World("one similarity, r 0.9", 0.9, (EDIT,)),
    World("both similarities", 0.6, (EDIT, MEANING)),
)

HARDER = (
    *(World(f"noise {spread:.2f}", 0.6, (LIKELIHOOD,), spread) for spread in (0.03, 0.08, 0.12)),
    World("skew to the left", 0.6, (LIKELIHOOD,), skewed=True),
    World("30 % ties", 0.6, (LIKELIHOOD,), tied=0.3),
    World("slices that differ", 0.6, (LIKELIHOOD,), slice_spread=0.02),
    World("low likelihoods", 0.6, (LIKELIHOOD,), 0.006, 0.05, 0.02),
)
"""Worlds that the first rule was not tried in."""


@dataclass(frozen=True)
class Draw:
    """Scores of one benchmark, by metric."""

    promoted: dict[str, Floats]
    candidate: dict[str, Floats]
    gain: float = 1.0
    """Over the base; half of it is the most that a margin can be."""


Scenario = Callable[[Draw, np.random.Generator, NDArray[np.int64]], Draw]


def skewed(z: Floats, high: float, low: float) -> Floats:
    """Turn a standard normal into a skewed score in steps of 0.01, with ties at 1."""
    u = ndtr(z)
    score = 1 - (1 - high) * (-np.log1p(-0.999 * (1 - u))) ** low
    return np.round(np.where(u > 1 - PERFECT, 1.0, np.clip(score, 0, 1)), 2)


def unchanged(world: World, n: int, rng: np.random.Generator) -> Draw:
    """Draw two adapters of the same quality: exchangeable, correlated, not identical."""
    shared, r = rng.standard_normal(n), world.correlation
    sides = []
    for _ in range(2):
        z = np.sqrt(r) * shared + np.sqrt(1 - r) * rng.standard_normal(n)
        meaning = 0.8 * z + 0.6 * rng.standard_normal(n)
        sides.append(
            {
                "edit_similarity": skewed(z, 0.78, 0.8),
                "embedding_similarity": skewed(meaning, 0.88, 0.8),
            }
        )
    quality = world.mean * (5 + 8 * ndtr(shared)) / 9
    tied = rng.random(n) < world.tied
    for side in sides:
        noise = rng.standard_normal(n)
        if world.skewed and side is sides[1]:
            noise = 1 - rng.standard_exponential(n)
        side[LIKELIHOOD] = np.clip(quality + noise * world.spread / np.sqrt(2), 0, 1)
    sides[1][LIKELIHOOD] = np.where(tied, sides[0][LIKELIHOOD], sides[1][LIKELIHOOD])
    scores = ({name: side[name] for name in world.metrics} for side in sides)
    return Draw(*scores, gain=1.0 if world.gain is None else world.gain)


def same(draw: Draw, rng: np.random.Generator, slices: NDArray[np.int64]) -> Draw:
    """Draw no change in quality."""
    return draw


def at_margin(draw: Draw, rng: np.random.Generator, slices: NDArray[np.int64]) -> Draw:
    """Make every case worse by the margin."""
    return Draw(draw.promoted, _lowered(draw, 1.0))


def twice_the_margin(draw: Draw, rng: np.random.Generator, slices: NDArray[np.int64]) -> Draw:
    """Make every case worse by twice the margin."""
    return Draw(draw.promoted, _lowered(draw, 2.0))


def _lowered(draw: Draw, margins: float) -> dict[str, Floats]:
    return {
        name: shifted(scores, -margins * min(MARGINS[name], draw.gain / 2))
        for name, scores in draw.candidate.items()
    }


def some_broke(draw: Draw, rng: np.random.Generator, slices: NDArray[np.int64]) -> Draw:
    """Break each case with a chance of 10 % and raise the others until the mean is as before."""
    broken = rng.random(len(slices)) < BREAKS
    return Draw(draw.promoted, _compensated(draw, _wrong(draw, rng), broken, BREAKS))


def slice_lost(draw: Draw, rng: np.random.Generator, slices: NDArray[np.int64]) -> Draw:
    """Make one slice of five wrong and raise the others until the mean is as before."""
    return Draw(
        draw.promoted, _compensated(draw, _wrong(draw, rng), slices == 0, 1 / (slices.max() + 1))
    )


def slice_worse(draw: Draw, rng: np.random.Generator, slices: NDArray[np.int64]) -> Draw:
    """Lower a slice of five by 0.3 (likelihood 0.12) and raise the others until the mean holds."""
    lost = slices == 0
    fallen = {
        name: np.maximum(
            0, scores - (SLICE_LIKELIHOOD_LOSS if name == "ideal_likelihood" else SLICE_LOSS)
        )
        for name, scores in draw.candidate.items()
    }
    return Draw(draw.promoted, _compensated(draw, fallen, lost, 1 / (slices.max() + 1)))


SCENARIOS: dict[str, Scenario] = {
    "unchanged": same,
    "worse by the margin": at_margin,
    "worse by twice as much": twice_the_margin,
    "10 % broken, mean held": some_broke,
    "a slice lost, mean held": slice_lost,
    "a slice -0.3, mean held": slice_worse,
}


def shifted(scores: Floats, by: float) -> Floats:
    """Move scores on average by exactly `by`, although none leaves 0..1."""
    room = scores if by < 0 else 1 - scores
    if room.mean() <= abs(by):
        return np.zeros_like(scores) if by < 0 else np.ones_like(scores)
    low, high = 0.0, 1.0
    for _ in range(40):
        step = (low + high) / 2
        low, high = (step, high) if np.minimum(room, step).mean() < abs(by) else (low, step)
    moved: Floats = scores + np.sign(by) * np.minimum(room, high)
    return np.clip(moved, 0, 1)


def _wrong(draw: Draw, rng: np.random.Generator) -> dict[str, Floats]:
    """Return every score's value for a wrong output."""
    n = len(next(iter(draw.candidate.values())))
    drawn = {EDIT: rng.uniform(0.05, 0.45, n), MEANING: rng.uniform(0.2, 0.6, n)}
    fall = rng.uniform(0.1, 0.3, n)
    return {
        name: np.maximum(0, scores - fall) if name == LIKELIHOOD else drawn[name]
        for name, scores in draw.candidate.items()
    }


def _compensated(
    draw: Draw, fallen: dict[str, Floats], which: NDArray[np.bool_], share: float
) -> dict[str, Floats]:
    """Return the fallen cases, and the others raised by the expected loss of the fallen."""
    changed = {}
    for name, scores in draw.candidate.items():
        loss = float((scores - fallen[name]).mean()) * share / (1 - share)
        changed[name] = np.where(which, fallen[name], shifted(scores, loss))
    return changed


def benchmarks(world: World, scenario: str, n: int, draws: int, seed: int) -> Iterator[Paired]:
    """Draw independent benchmarks of n cases from one large population."""
    rng = np.random.default_rng([seed, n, *(world.name + scenario).encode()])
    population = n * draws
    count = min(SLICES, n // 5)
    slices = np.tile(np.arange(n) % count, draws)
    begun = _scattered(world, unchanged(world, population, rng), slices.reshape(draws, n), rng)
    draw = SCENARIOS[scenario](begun, rng, slices)
    metrics = tuple(sorted(draw.promoted))
    promoted = np.array([draw.promoted[name] for name in metrics])
    candidate = np.array([draw.candidate[name] for name in metrics])
    cases = tuple(f"case-{i:03d}" for i in range(n))
    names, members = memberships([[f"slice={i % count}"] for i in range(n)])
    for start in range(0, population, n):
        part = slice(start, start + n)
        yield Paired(
            cases=cases,
            metrics=metrics,
            candidate=candidate[:, part],
            references={"promoted": promoted[:, part]} | _base(world, promoted[:, part]),
            slices=names,
            members=members,
            critical=np.zeros(n, dtype=np.bool_),
        )


def _scattered(
    world: World, draw: Draw, slices: NDArray[np.int64], rng: np.random.Generator
) -> Draw:
    """Move the slices of each benchmark apart; the mean over its slices stays."""
    if not world.slice_spread:
        return draw
    draws, count = len(slices), int(slices.max()) + 1
    shifts = rng.standard_normal((draws, count)) * world.slice_spread
    shifts -= shifts.mean(axis=1, keepdims=True)
    moved = np.take_along_axis(shifts, slices, axis=1).ravel()
    changed = {name: np.clip(scores + moved, 0, 1) for name, scores in draw.candidate.items()}
    return Draw(draw.promoted, changed, draw.gain)


def _base(world: World, promoted: Floats) -> dict[str, Floats]:
    """Return the base's scores, where the world has a base."""
    if world.gain is None:
        return {}
    return {BASE: np.clip(promoted - world.gain, 0, 1)}
