"""Draw nested parts of a training set, each of which holds the smaller ones and thins every slice.

Retired examples are in no part. An example keeps its `repeat`, and the same example on several
lines is drawn as one, else a small part would hold what the next one is to add.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from random import Random

from harness.errors import DataError
from harness.records.benchmark import TrainingExample

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
    """Order the units so that the first of them hold the same share of every slice.

    A line that is taught several times, as one of a new voice, makes a slice of its own.
    """
    slices = defaultdict(list)
    for unit in units:
        slices[tuple(sorted(unit[0].slices.items())), unit[0].repeat].append(unit)
    drawn = Random(seed)
    placed = []
    for key in sorted(slices):
        inside = slices[key]
        drawn.shuffle(inside)
        begin = drawn.random()
        # At even distances from a random begin, so that a slice of a single unit may come late.
        placed += [((begin + n) / len(inside), unit) for n, unit in enumerate(inside)]
    return [unit for _, unit in sorted(placed, key=lambda pair: pair[0])]
