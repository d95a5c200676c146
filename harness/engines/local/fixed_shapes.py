"""Form batches of fixed shapes, so that an output is the same alone and among others, bit for bit.

Measured on CPUs: matrix kernels depend on the number of rows and on the padded length, and torch's
fused attention even on a row's place. With all rows filled, lengths padded to fixed steps and eager
attention, a row depends on itself only (tests/engines/local/test_fixed_shapes.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STEP = 64
"""Lengths are padded up to a multiple of this."""


@dataclass(frozen=True, slots=True)
class PaddedRow:
    """Token ids of a prompt, which may end with an ideal to weigh."""

    index: int
    """Its number among the given rows."""
    ids: tuple[int, ...]
    tail: int = 0
    """How many tokens, at the end, are the ideal."""


@dataclass(frozen=True, slots=True)
class FixedShapes:
    """Rows that go through the model together; `rows[:real]` were given, the rest fill up."""

    rows: tuple[PaddedRow, ...]
    real: int
    length: int
    """The length to which all ids are padded on the left."""
    tail: int


def fill_shapes(rows: Sequence[PaddedRow], batch: int, step: int = STEP) -> Iterator[FixedShapes]:
    """Group rows of equal shape, and fill each batch up by repeating its first row.

    With a `step` of 1 nothing is padded.
    """
    shapes: dict[tuple[int, int], list[PaddedRow]] = {}
    for row in rows:
        shapes.setdefault((_up(len(row.ids), step), _up(row.tail, step)), []).append(row)
    for (length, tail), same in sorted(shapes.items()):
        for start in range(0, len(same), batch):
            some = same[start : start + batch]
            # A shorter last batch would run another matrix kernel, with other last bits.
            filled = (*some, *(some[0] for _ in range(batch - len(some))))
            yield FixedShapes(filled, len(some), length, tail)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
