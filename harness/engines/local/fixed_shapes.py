"""Batches of one fixed shape, so that a text is the same alone and among others, bit for bit.

Measured on CPUs: matrix kernels depend on the number of rows and on the padded length, and torch's
fused attention even on a row's place. With all lanes filled, lengths padded to steps of their own
and eager attention, a row depends on nothing but itself (tests/engines/test_lanes.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STEP = 64
"""Lengths are padded up to a multiple of this."""


@dataclass(frozen=True, slots=True)
class PaddedRow:
    """Token ids of one prompt, and how many of them, at the end, are an ideal being weighed."""

    index: int
    """Its place among what was asked."""
    ids: tuple[int, ...]
    tail: int = 0


@dataclass(frozen=True, slots=True)
class FixedShapes:
    """Rows that go through the model together; `rows[:real]` were asked for, the rest fill up."""

    rows: tuple[PaddedRow, ...]
    real: int
    length: int
    """To which all ids are padded on the left."""
    tail: int


def fill_lanes(rows: Sequence[PaddedRow], batch: int) -> Iterator[FixedShapes]:
    """Equal shapes together, each batch filled up by repeating its first row."""
    shapes: dict[tuple[int, int], list[PaddedRow]] = {}
    for row in rows:
        shapes.setdefault((_up(len(row.ids)), _up(row.tail)), []).append(row)
    for (length, tail), same in sorted(shapes.items()):
        for start in range(0, len(same), batch):
            chunk = same[start : start + batch]
            filled = (*chunk, *(chunk[0] for _ in range(batch - len(chunk))))
            yield FixedShapes(filled, len(chunk), length, tail)


def _up(length: int) -> int:
    return -(-length // STEP) * STEP
