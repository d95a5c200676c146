"""Token by token for a fixed number of rows; a row whose text has ended takes the next prompt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

from harness.engines.local.attention import KVCache, WritingAttention
from harness.engines.local.base import Base
from harness.engines.local.layout import Layout
from harness.engines.local.sampling import Sampler
from harness.records import Generation, Output, Prompt

ROOM = 128
"""A row has room for a multiple of so many tokens, which follows from its own prompt's length."""
TOGETHER = 4
"""So many outputs are handed over together, so that they are not lost and the store has rest."""


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """A prompt as the model has read it."""

    prompt: Prompt
    pasts: tuple[KVCache, ...]
    last: Any
    """The logits of the token that comes next."""

    @property
    def length(self) -> int:
        """Tokens of the whole prompt."""
        return sum(past.length for past in self.pasts)


@dataclass(slots=True)
class WritingRow:
    """What is being written in one row."""

    prompt: Prompt
    place: int
    """Where its next token stands."""
    noise: Any
    ids: list[int] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)


def decode(
    base: Base, model: Any, name: str, reads: Iterable[ReadPrompt], generation: Generation
) -> Iterator[tuple[Output, ...]]:
    """Outputs as they end; neighbours that need as much room share the rows."""
    room, layout = room_for(generation), Layout(model, generation.batch)
    done: list[Output] = []
    for size, same in groupby(reads, lambda read: room(read.length)):
        decoder = _Decoder(base, model, layout, Sampler(generation, name), size)
        for output in decoder.outputs(same):
            done.append(output)
            if len(done) == TOGETHER:
                yield tuple(done)
                done = []
    if done:
        yield tuple(done)


def room_for(generation: Generation) -> Callable[[int], int]:
    """How much room a prompt of some length needs."""
    return lambda length: -(-(length + generation.max_new_tokens) // ROOM) * ROOM


class _Decoder:
    def __init__(self, base: Base, model: Any, layout: Layout, choice: Sampler, room: int) -> None:
        self.base, self.model, self.layout = base, model, layout
        self.choice, self.room = choice, room
        self.generation = choice.generation
        self.texts: list[WritingRow | None] = [None] * self.generation.batch
        self.rows: WritingAttention | None = None

    def outputs(self, reads: Iterable[ReadPrompt]) -> Iterator[Output]:
        waiting = iter(reads)
        while True:
            yield from self._refill(waiting)
            if not any(self.texts):
                return
            yield from self._step()

    def _refill(self, waiting: Iterator[ReadPrompt]) -> Iterator[Output]:
        """Free rows begin; a text that ends with its first token leaves its row free at once."""
        for row, text in enumerate(self.texts):
            while text is None and (read := next(waiting, None)) is not None:
                text = WritingRow(read.prompt, read.length, self.choice.noise(read.prompt))
                token = int(self.choice.tokens(read.last[None], [text.noise])[0])
                output = self._taken(text, token)
                if output is None:
                    self._begin(row, read)
                    self.texts[row] = text
                else:
                    yield output
                    text = None

    def _begin(self, row: int, read: ReadPrompt) -> None:
        if self.rows is None:
            self.rows = WritingAttention(read.pasts[-1], len(self.texts), self.room)
        self.rows.fill(row, read.pasts)

    def _step(self) -> Iterator[Output]:
        """One token for every row; rows without a text go along, so that the shape stays."""
        noise = [text.noise if text else None for text in self.texts]
        chosen = self.choice.tokens(self._logits(), noise).tolist()
        for row, (text, token) in enumerate(zip(self.texts, chosen, strict=True)):
            if text is not None:
                text.place += 1
                output = self._taken(text, token)
                if output is not None:
                    self.texts[row] = None
                    yield output

    def _logits(self) -> Any:
        import torch

        device = self.base.device
        tokens = [text.ids[-1] if text else self.base.pad for text in self.texts]
        places = torch.tensor([text.place if text else 0 for text in self.texts], device=device)
        assert self.rows is not None
        self.rows.at(places)
        with self.layout.used():
            return self.model(
                input_ids=torch.tensor([tokens], device=device),
                position_ids=places[None],
                use_cache=False,
                reader=self.rows,
            ).logits[0]

    def _taken(self, text: WritingRow, token: int) -> Output | None:
        """The output, if this token ends it."""
        finish: Literal["stop", "length", "time"]
        if token in self.base.ends:
            finish = "stop"
        else:
            text.ids.append(token)
            if len(text.ids) >= self.generation.max_new_tokens:
                finish = "length"
            elif time.monotonic() - text.begun > self.generation.max_seconds:
                finish = "time"
            else:
                return None
        words = self.base.text(text.ids)
        return Output(text.prompt.case, words, text.prompt.sample, len(text.ids), finish)
