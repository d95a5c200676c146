"""Lay token sequences end to end in chunks of fixed width, so that little work goes into padding.

A chunk's width decides which matrix kernel runs, and with it the last bits of every result. So the
width of a sequence's chunk follows from its own length alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.engines.local.attention import KVCache

WIDTH = 256
"""Tokens in a chunk that short sequences share."""
ALONE = 64
"""A short sequence with its own chunk is filled up to a multiple of this."""
MAX_SHARERS = 16
"""The most sequences in a chunk: their last logits are computed together."""


@dataclass(frozen=True, slots=True)
class Segment:
    """New tokens of a sequence, and the tokens that were read before them."""

    ids: tuple[int, ...]
    pasts: tuple[KVCache, ...] = ()
    """Keys and values of the tokens before, oldest first."""
    alone: bool = False
    """Whether it shares no chunk: an opening that many sequences share is read before them."""

    @property
    def before(self) -> int:
        """The number of tokens that were read before."""
        return sum(past.length for past in self.pasts)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Segments that go through the model together."""

    segments: tuple[Segment, ...]
    numbers: tuple[int, ...]
    """The number of each segment among those given to `pack`."""
    width: int

    @property
    def places(self) -> Iterator[tuple[Segment, int, int]]:
        """Each segment with its first place and the place after its last."""
        start = 0
        for segment in self.segments:
            stop = start + len(segment.ids)
            yield segment, start, stop
            start = stop


def pack(segments: Sequence[Segment], sharers: int = MAX_SHARERS) -> Iterator[Chunk]:
    """Put segments, longest first, into the first chunk with space, so that few places stay empty.

    A long segment, or a segment that is to be alone, gets its own chunk. At most `sharers` share a
    chunk; as many as fit may where the logits of all places are computed anyway.
    """
    shared: list[list[int]] = []
    left: list[int] = []
    for number in sorted(range(len(segments)), key=lambda n: -len(segments[n].ids)):
        segment, size = segments[number], len(segments[number].ids)
        if segment.alone or size > WIDTH:
            step = ALONE if size <= WIDTH else WIDTH
            yield Chunk((segment,), (number,), -(-size // step) * step)
            continue
        fitting = (n for n, space in enumerate(left) if space >= size and len(shared[n]) < sharers)
        place = next(fitting, None)
        if place is None:
            place = len(shared)
            shared.append([])
            left.append(WIDTH)
        shared[place].append(number)
        left[place] -= size
    for numbers in shared:
        yield Chunk(tuple(segments[n] for n in numbers), tuple(numbers), WIDTH)
