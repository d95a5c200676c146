"""Work in pieces: some prompts of one adapter, done here one after another or spread elsewhere.

A piece is plain data, so that it can be sent anywhere; whoever hands pieces in gets each back
with what came of it, in any order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from harness.engines.protocol import Engine, Mounted, Weighed
from harness.errors import EngineFailed, HarnessError
from harness.records import Generation, Output, Prompt

NO_SHIFT = 1e-6
"""An adapter that moves no logit further than this is not applied."""

Whose = TypeVar("Whose")
What = Literal["write", "weigh"]
"""Texts for prompts, or the likelihoods of their ideals."""
Shown = dict[str, float | None]
"""By digest, how far an adapter was seen to move the logits in this process."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Prompts that one adapter is asked together."""

    adapter: Mounted
    prompts: tuple[Prompt, ...]
    generation: Generation
    what: What = "write"
    proof: Prompt | None = None
    """Where the adapter must first be shown to move the base's logits: after this prompt."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Something of a piece that is finished; a piece may be finished in several parts."""

    outputs: tuple[Output, ...] = ()
    weighed: tuple[Weighed, ...] = ()
    shift: float | None = None
    """How far the adapter moves the logits, where a proof was asked for."""
    seconds: float = 0.0
    """How long it took where it was done."""


@runtime_checkable
class ParallelEngine(Protocol):
    """An engine that does several pieces at the same time."""

    def hands(self) -> int:
        """How many pieces are under way at once."""
        ...

    def each(
        self, pieces: Iterable[tuple[Whose, Batch]]
    ) -> Iterator[tuple[Whose, BatchResult | HarnessError]]:
        """Each piece with whose it is; what came of it comes back with the same."""
        ...


def hands(engine: Any) -> int:
    """How many pieces an engine does at once."""
    return engine.hands() if isinstance(engine, ParallelEngine) else 1


def each(
    engine: Any, pieces: Iterable[tuple[Whose, Batch]]
) -> Iterator[tuple[Whose, BatchResult | HarnessError]]:
    """What comes of each piece, spread where the engine can; one that fails ends itself only."""
    return engine.each(pieces) if isinstance(engine, ParallelEngine) else _in_turn(engine, pieces)


def _in_turn(
    engine: Engine, pieces: Iterable[tuple[Whose, Batch]]
) -> Iterator[tuple[Whose, BatchResult | HarnessError]]:
    shown: Shown = {}
    for whose, piece in pieces:
        try:
            for done in do(engine, piece, shown):
                yield whose, done
        except Exception as problem:  # torch, CUDA and plugins raise whatever they like
            yield whose, failed(engine.name, piece.adapter.name, problem)


def do(engine: Any, piece: Batch, shown: Shown) -> Iterator[BatchResult]:
    """The parts of one piece as they are finished; nothing is asked of one that is not applied."""
    for done in _timed(_parts(engine, piece, shown)):
        yield done
        if piece.proof is not None and done.shift is not None and not done.shift > NO_SHIFT:
            return


def _parts(engine: Any, piece: Batch, shown: Shown) -> Iterator[BatchResult]:
    adapter, prompts, generation = piece.adapter, piece.prompts, piece.generation
    if piece.proof is not None:
        if adapter.digest not in shown:
            shown[adapter.digest] = engine.shift(adapter, piece.proof, generation)
        yield BatchResult(shift=shown[adapter.digest])
    if prompts and piece.what == "write":
        for outputs in engine.generate(adapter, prompts, generation):
            yield BatchResult(outputs=outputs)
    elif prompts:
        for weighed in engine.likelihood(adapter, prompts, generation):
            yield BatchResult(weighed=weighed)


def _timed(parts: Iterator[BatchResult]) -> Iterator[BatchResult]:
    begun = time.monotonic()
    for done in parts:
        yield replace(done, seconds=time.monotonic() - begun)
        begun = time.monotonic()


def failed(engine: str, adapter: str, problem: Exception) -> HarnessError:
    """Whatever breaks in an engine means the same: this could not be judged."""
    if isinstance(problem, HarnessError):
        return problem
    reason = str(problem).strip().split("\n")[0][:200] or "no reason given"
    return EngineFailed(
        f"{adapter}: the engine {engine} failed ({type(problem).__name__}: {reason}),"
        " run the same command again to go on"
    )


STRETCH = 8
"""So many full batches of one adapter are written, then weighed: few enough that an engine still
has what it read of their prompts, enough that its rows are full."""


def sizes(total: int, batch: int, hands: int) -> int:
    """How many prompts make a piece: whole batches, several pieces for every hand, none too large.

    What is under way when this process is killed is lost; one process alone keeps every batch.
    """
    if hands == 1:
        return STRETCH * batch
    fair = -(-total // (4 * hands * batch))
    return max(1, min(4, fair)) * batch


def cut(prompts: Sequence[Prompt], size: int) -> Iterator[tuple[Prompt, ...]]:
    """Alike lengths together, so that batches fill; nobody is promised an order."""
    ordered = sorted(prompts, key=lambda prompt: sum(len(m.content) for m in prompt.messages))
    for start in range(0, len(ordered), size):
        yield tuple(ordered[start : start + size])
