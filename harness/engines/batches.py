"""Batches of work: prompts of a single adapter, done here in turn or spread over workers.

A batch is plain data, so it can be sent to another process. Results come back in any order, each
with the tag under which its batch was handed in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import Protocol, TypeVar, runtime_checkable

from harness.engines.protocol import BackendEngine, Engine, Mounted, Weighed
from harness.errors import EngineFailed, HarnessError
from harness.records import Generation, Output, Prompt

_log = logging.getLogger(__name__)

NO_SHIFT = 1e-6
"""An adapter that moves no logit further than this is not applied."""
CHUNK = 8
"""Full batches of an adapter that are generated before their ideals are weighed: few enough that
the engine still caches their prompts, enough that its rows are full."""

Tag = TypeVar("Tag")
Shifts = dict[str, float | None]
"""By digest, how far each adapter was seen to move the logits in this process."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Work to put to an engine together, all of it with the same adapter."""

    adapter: Mounted
    prompts: tuple[Prompt, ...]
    """Prompts to write a text for."""
    generation: Generation
    ideals: tuple[Prompt, ...] = ()
    """Prompts whose ideals are weighed after the texts: the engine may still hold what it read."""
    proof: Prompt | None = None
    """A prompt with which the adapter must first be shown to move the base's logits, if any."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A finished part of a batch; a batch may be finished in several parts."""

    outputs: tuple[Output, ...] = ()
    weighed: tuple[Weighed, ...] = ()
    shift: float | None = None
    """How far the adapter moves the logits, for a batch with a proof."""
    seconds: float = 0.0
    """Time spent in the process that did it."""


Work = Iterable[Iterable[tuple[Tag, Batch]]]
"""Batches with their tags, adapter by adapter: those of an adapter best share a worker."""


@runtime_checkable
class ParallelEngine(Protocol):
    """An engine that does several batches at the same time."""

    def concurrency(self) -> int:
        """Return how many batches run at once."""
        ...

    def each(self, work: Work[Tag]) -> Iterator[tuple[Tag, BatchResult | HarnessError]]:
        """Yield the results of every batch, each with its batch's tag."""
        ...


def concurrency(engine: Engine) -> int:
    """Return how many batches an engine does at once."""
    return engine.concurrency() if isinstance(engine, ParallelEngine) else 1


def each(
    engine: BackendEngine, work: Work[Tag]
) -> Iterator[tuple[Tag, BatchResult | HarnessError]]:
    """Yield the results of every batch, in parallel if the engine can; a failure ends its batch."""
    if isinstance(engine, ParallelEngine):
        yield from engine.each(work)
        return
    shifts: Shifts = {}
    for tag, batch in chain.from_iterable(work):
        try:
            for result in run_batch(engine, batch, shifts):
                yield tag, result
        except Exception as problem:  # torch, CUDA and plugins raise any kind
            yield tag, failed(engine.name, batch.adapter.name, problem)


def run_batch(engine: BackendEngine, batch: Batch, shifts: Shifts) -> Iterator[BatchResult]:
    """Yield the timed parts of a batch; stop after the proof if the adapter is not applied."""
    begun = time.monotonic()
    for part in _parts(engine, batch, shifts):
        yield replace(part, seconds=time.monotonic() - begun)
        # `not >` instead of `<=`, so that a NaN counts as not applied.
        if batch.proof is not None and part.shift is not None and not part.shift > NO_SHIFT:
            return
        begun = time.monotonic()


def _parts(engine: BackendEngine, batch: Batch, shifts: Shifts) -> Iterator[BatchResult]:
    adapter, generation = batch.adapter, batch.generation
    if batch.proof is not None:
        if adapter.digest not in shifts:
            shifts[adapter.digest] = engine.shift(adapter, batch.proof, generation)
        yield BatchResult(shift=shifts[adapter.digest])
    if batch.prompts:
        for outputs in engine.generate(adapter, batch.prompts, generation):
            yield BatchResult(outputs=outputs)
    if batch.ideals:
        for weighed in engine.likelihood(adapter, batch.ideals, generation):
            yield BatchResult(weighed=weighed)


def failed(engine: str, adapter: str, problem: Exception) -> HarnessError:
    """Turn any exception of an engine into a HarnessError: the adapter could not be judged."""
    if isinstance(problem, HarnessError):
        return problem
    _log.debug("%s: the engine %s failed", adapter, engine, exc_info=problem)
    reason = str(problem).strip().split("\n")[0][:200] or "no reason given"
    error = EngineFailed(
        f"{adapter}: the engine {engine} failed ({type(problem).__name__}: {reason}),"
        " run the same command again to go on"
    )
    error.__cause__ = problem
    return error


def sizes(total: int, rows: int, concurrency: int) -> int:
    """Return how many prompts make a batch, as a multiple of the rows that an engine computes.

    A batch under way is lost when this process is killed, so batches stay small and every worker
    gets several. A single process stores each finished part, so its batches may be long.
    """
    if concurrency == 1:
        return CHUNK * rows
    fair = -(-total // (4 * concurrency * rows))
    return max(1, min(4, fair)) * rows


def cut(prompts: Sequence[Prompt], size: int) -> Iterator[tuple[Prompt, ...]]:
    """Cut prompts into groups of similar length, so that rows fill; no order is promised."""
    ordered = sorted(prompts, key=lambda prompt: sum(len(m.content) for m in prompt.messages))
    for start in range(0, len(ordered), size):
        yield tuple(ordered[start : start + size])


def batches_of(
    adapter: Mounted,
    texts: Sequence[Prompt],
    ideals: Sequence[Prompt],
    generation: Generation,
    size: int,
) -> Iterator[Batch]:
    """Cut an adapter's work into batches: prompts to write for, and prompts with ideals to weigh.

    Both parts of a batch are the same prompts where neither was stored before.
    """
    for some, weighed in zip_longest(cut(texts, size), cut(ideals, size), fillvalue=()):
        yield Batch(adapter, some, generation, weighed)
