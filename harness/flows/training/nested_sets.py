"""Draw nested parts of a training set, each of which holds the smaller ones and thins every slice.

Retired examples are in no part. An example keeps its `repeat`, and the same example on several
lines is drawn as one, else a small part would hold what the next one is to add.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

import numpy as np

from harness.errors import DataError
from harness.records.training_example import TrainingExample

FEWEST = 20
"""Different examples of which a quarter still is a set."""


def nested_parts(
    examples: Sequence[TrainingExample], shares: Sequence[float], seed: int
) -> list[tuple[TrainingExample, ...]]:
    """Return a part for each share; the order of the file does not change what is drawn."""
    units = _units(examples)
    if len(units) < FEWEST:
        raise DataError(
            f"{len(units)} different examples are taught, a learning curve needs {FEWEST} or more"
        )
    order = _spread(units, seed)
    parts = []
    for share in shares:
        drawn = {id(e) for unit in order[: round(share * len(order))] for e in unit}
        parts.append(tuple(e for e in examples if id(e) in drawn))
    return parts


Unit = tuple[TrainingExample, ...]


def _units(examples: Sequence[TrainingExample]) -> list[Unit]:
    """Return the lines of each different example, ordered by their texts."""
    found = defaultdict(list)
    for example in examples:
        if not example.retired:
            found[example.given, example.output].append(example)
    return [tuple(found[texts]) for texts in sorted(found, key=_digest)]


def _digest(texts: tuple[str, str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _spread(units: Sequence[Unit], seed: int) -> list[Unit]:
    """Order the units so that the first of them, however many, hold a like share of every slice.

    Next comes a unit of that combination of slices of which the smallest shares are drawn so far.
    Lines that are taught several times, as those of a new voice, are a slice as well.
    """
    drawn = Random(seed)
    cells = defaultdict[tuple[str, ...], list[Unit]](list)
    for unit in drawn.sample(units, len(units)):
        cells[_slices(unit[0])].append(unit)
    keys = sorted(cells)
    totals = Counter(name for key in keys for name in key for _ in cells[key])
    having = defaultdict[str, list[int]](list)
    for place, key in enumerate(keys):
        for name in key:
            having[name].append(place)
    # Of equal combinations the seed chooses; a number this small decides nothing else.
    taken = np.array([drawn.random() * 1e-9 for _ in keys])
    order = []
    for _ in units:
        place = int(taken.argmin())
        order.append(cells[keys[place]].pop())
        for name in keys[place]:
            taken[having[name]] += 1 / totals[name] / len(keys[place])
        if not cells[keys[place]]:
            taken[place] = np.inf
    return order


def _slices(example: TrainingExample) -> tuple[str, ...]:
    """Return the slices of an example, and their combination, as names."""
    alone = [f"{key}={value}" for key, value in sorted(example.slices.items())]
    alone.append(f"repeat {example.repeat}")
    return (*alone, f"all of {alone}")
