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
    starts: tuple[int, ...]
    width: int

    @property
    def places(self) -> Iterator[tuple[Segment, int, int]]:
        """Each segment with its first place and the place after its last."""
        for segment, start in zip(self.segments, self.starts, strict=True):
            yield segment, start, start + len(segment.ids)


def pack(segments: Sequence[Segment]) -> Iterator[Chunk]:
    """All of them, in order; a long one, or one that wants to be alone, gets its own chunk."""
    sharing: list[Segment] = []
    taken = 0
    for segment in segments:
        size = len(segment.ids)
        by_itself = segment.alone or size > WIDTH
        if sharing and (by_itself or taken + size > WIDTH or len(sharing) == SHARERS):
            yield _shared(sharing)  # before what comes after it: who asked counts on the order
            sharing, taken = [], 0
        if by_itself:
            yield Chunk((segment,), (0,), _up(size, ALONE if size <= WIDTH else WIDTH))
            continue
        sharing.append(segment)
        taken += size
    if sharing:
        yield _shared(sharing)


def _shared(segments: Sequence[Segment]) -> Chunk:
    starts, place = [], 0
    for segment in segments:
        starts.append(place)
        place += len(segment.ids)
    return Chunk(tuple(segments), tuple(starts), WIDTH)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
