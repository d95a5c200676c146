"""Generate token by token for a fixed number of rows; a row that ends takes the next prompt.

Tested in tests/engines/local/test_packed.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from harness.engines.local.attention import DecodeAttention, KVCache
from harness.engines.local.base import Base
from harness.engines.local.chat_format import ChatFormat
from harness.engines.local.layout import Layout
from harness.engines.local.models import CausalModel
from harness.engines.local.sampling import Sampler
from harness.engines.protocol import Mounted
from harness.records import Generation, Output, Prompt

if TYPE_CHECKING:
    from torch import Generator, Tensor

CAPACITY_STEP = 128
"""A row's capacity in tokens is a multiple of this; it depends on its own prompt's length only."""
TOGETHER = 4
"""Outputs that are handed over together: few, so that little is lost, yet fewer store writes."""


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """A prompt after the model has read it."""

    prompt: Prompt
    pasts: tuple[KVCache, ...]
    last: Tensor
    """The logits of the token that comes next."""

    @property
    def length(self) -> int:
        """The number of tokens of the whole prompt."""
        return sum(past.length for past in self.pasts)


@dataclass(slots=True)
class DecodedRow:
    """The output under way in a row."""

    prompt: Prompt
    form: ChatFormat
    stops: frozenset[int]
    """Tokens that end it."""
    room: int
    """The most tokens that it may have."""
    place: int
    """The place of its next token."""
    noise: Generator | None
    ids: list[int] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)


def decode(
    base: Base[CausalModel], adapter: Mounted, reads: Iterable[ReadPrompt], generation: Generation
) -> Iterator[tuple[Output, ...]]:
    """Yield outputs as they end; neighbours with the same capacity share the rows."""
    layout = Layout(base.model, generation.batch)
    done: list[Output] = []
    for size, same in groupby(reads, lambda read: capacity(read.length, generation)):
        decoder = _Decoder(base, adapter, layout, Sampler(generation, adapter.name), size)
        for output in decoder.outputs(same):
            done.append(output)
            if len(done) == TOGETHER:
                yield tuple(done)
                done = []
    if done:
        yield tuple(done)


def capacity(length: int, generation: Generation) -> int:
    """Return how many tokens a row must hold for a prompt of some length."""
    return -(-(length + generation.max_new_tokens) // CAPACITY_STEP) * CAPACITY_STEP


class _Decoder:
    def __init__(
        self,
        base: Base[CausalModel],
        adapter: Mounted,
        layout: Layout,
        sampler: Sampler,
        capacity: int,
    ) -> None:
        self.base, self.adapter, self.layout = base, adapter, layout
        self.sampler, self.capacity = sampler, capacity
        self.generation = sampler.generation
        self.rows: list[DecodedRow | None] = [None] * self.generation.batch
        self.attention: DecodeAttention | None = None

    def outputs(self, reads: Iterable[ReadPrompt]) -> Iterator[Output]:
        waiting = iter(reads)
        while True:
            # Rows are refilled before every step, so that few steps run with empty rows.
            yield from self._refill(waiting)
            if not any(self.rows):
                return
            yield from self._step()

    def _refill(self, waiting: Iterator[ReadPrompt]) -> Iterator[Output]:
        """Give free rows the next prompts; an output of a single token leaves its row free."""
        for number, row in enumerate(self.rows):
            while row is None and (read := next(waiting, None)) is not None:
                row = self._row(read)
                token = int(self.sampler.tokens(read.last[None], [row.noise])[0])
                output = self._taken(row, token)
                if output is None:
                    if self.attention is None:
                        self.attention = DecodeAttention(
                            read.pasts[-1], len(self.rows), self.capacity
                        )
                    self.attention.fill(number, read.pasts)
                    self.rows[number] = row
                else:
                    yield output
                    row = None

    def _row(self, read: ReadPrompt) -> DecodedRow:
        form = self.base.form(self.adapter, read.prompt)
        room = self.base.formats.room(read.length, self.generation.max_new_tokens)
        noise = self.sampler.noise(read.prompt)
        return DecodedRow(read.prompt, form, self.base.stops(form), room, read.length, noise)

    def _step(self) -> Iterator[Output]:
        """Generate a token for every row; empty rows go along, so that the shape stays the same."""
        noise = [row.noise if row else None for row in self.rows]
        chosen = self.sampler.tokens(self._logits(), noise).tolist()
        for number, (row, token) in enumerate(zip(self.rows, chosen, strict=True)):
            if row is not None:
                row.place += 1
                output = self._taken(row, token)
                if output is not None:
                    self.rows[number] = None
                    yield output

    def _logits(self) -> Tensor:
        import torch

        device = self.base.device
        tokens = [row.ids[-1] if row else self.base.pad for row in self.rows]
        places = torch.tensor([row.place if row else 0 for row in self.rows], device=device)
        assert self.attention is not None
        self.attention.at(places)
        with self.layout.used():
            return self.base.model(
                input_ids=torch.tensor([tokens], device=device),
                position_ids=places[None],
                use_cache=False,
                reader=self.attention,
            ).logits[0]

    def _taken(self, row: DecodedRow, token: int) -> Output | None:
        """Add a token to a row; return the output if the token ends it."""
        finish: Literal["stop", "length", "time"]
        if token in row.stops:
            finish = "stop"
        else:
            row.ids.append(token)
            if row.form.is_over(row.ids):
                finish = "stop"
            elif len(row.ids) >= row.room:
                finish = "length"
            elif time.monotonic() - row.begun > self.generation.max_seconds:
                finish = "time"
            else:
                return None
        text = row.form.answer(row.ids)
        return Output(row.prompt.case, text, row.prompt.sample, len(row.ids), finish)
