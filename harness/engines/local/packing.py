"""Token sequences laid end to end in chunks of one fixed width, so that no work goes into padding.

A chunk's width decides which matrix kernel runs, and with it the last bits of every result. So the
width of the chunk that a sequence lies in follows from its own length and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 256
"""Tokens in a chunk that short sequences share."""
ALONE = 64
"""A sequence on its own is filled up to a multiple of this."""
SHARERS = 16
"""So many sequences share a chunk at most: their last logits are computed together."""


@dataclass(frozen=True, slots=True)
class Segment:
    """New tokens of one sequence, and what it has read before them."""

    ids: tuple[int, ...]
    pasts: tuple[Any, ...] = ()
    """Keys and values of the tokens before, oldest first."""
    alone: bool = False
    """Whether it shares no chunk: what many sequences begin with is read before any of them."""

    @property
    def before(self) -> int:
        """How many tokens it has read already."""
        return sum(past.length for past in self.pasts)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Segments that go through the model together, and where each of them begins."""

    segments: tuple[Segment, ...]
    numbers: tuple[int, ...]
    """Which of those that were asked each of them is."""
    width: int

    @property
    def places(self) -> Iterator[tuple[Segment, int, int]]:
        """Each segment with its first place and the place after its last."""
        start = 0
        for segment in self.segments:
            stop = start + len(segment.ids)
            yield segment, start, stop
            start = stop


def pack(segments: Sequence[Segment]) -> Iterator[Chunk]:
    """All of them: longest first into the first chunk with room, so that few places stay empty.

    A long one, or one that wants to be alone, gets its own chunk.
    """
    shared: list[list[int]] = []
    left: list[int] = []
    for number in sorted(range(len(segments)), key=lambda n: -len(segments[n].ids)):
        segment, size = segments[number], len(segments[number].ids)
        if segment.alone or size > WIDTH:
            yield Chunk((segment,), (number,), _up(size, ALONE if size <= WIDTH else WIDTH))
            continue
        fitting = (n for n, room in enumerate(left) if room >= size and len(shared[n]) < SHARERS)
        place = next(fitting, None)
        if place is None:
            place = len(shared)
            shared.append([])
            left.append(WIDTH)
        shared[place].append(number)
        left[place] -= size
    for numbers in shared:
        yield Chunk(tuple(segments[n] for n in numbers), tuple(numbers), WIDTH)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
