"""Engine `ray`: the in-process engine on many workers of Ray, with exactly the same outputs.

An output depends only on its own prompt, so neither the worker nor the order matters.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, TypeVar

from harness.engines.batches import Batch, BatchResult, Tag, Work, cut, sizes
from harness.engines.protocol import BackendEngine, FormattingEngine, Mounted, Weighed
from harness.engines.ray.handout import MAX_DEATHS, Assignment, Handout
from harness.engines.ray.slices import slices
from harness.engines.ray.start import RayModule, reached_ray
from harness.engines.ray.worker import Make, WorkerResult, describe
from harness.engines.ray.workers import Workers
from harness.errors import EngineFailed, HarnessError
from harness.records import Cluster, Generation, Output, Prompt

if TYPE_CHECKING:
    from harness.engines.local.prompts import Formats

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Ray:
    """Spreads batches over workers; Ray is started for the first prompt, not before."""

    name = "ray"
    likelihoods = True

    def __init__(
        self,
        here: BackendEngine,
        maker: Callable[[], Make],
        cluster: Cluster,
        gpus: bool = False,
        reach: Callable[[], AbstractContextManager[RayModule]] = reached_ray,
    ) -> None:
        """Take an engine `here` for the origin; `maker` returns the function every worker calls.

        `reach` connects the library: perf/fleet.py gives a simulated one.
        """
        self._here = here
        self._maker = maker
        self._cluster = cluster
        self._gpus = gpus
        self._reach = reach
        self._opened = ExitStack()
        self._workers: Workers | None = None
        self._broken: HarnessError | None = None
        """Why there are no workers: raised again, not tried again."""
        self._concurrency = 0

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return the in-process engine's origin: the two share their outputs."""
        return self._here.origin(generation)

    def formats(self) -> Formats | None:
        """Return the chat formats of the base, whose files this process has too."""
        return self._here.formats() if isinstance(self._here, FormattingEngine) else None

    # --- the protocol of every engine --------------------------------------------------------

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield the outputs of each batch as it comes back."""
        size = sizes(len(prompts), generation.batch, self.concurrency())
        for part in self._all(Batch(adapter, some, generation) for some in cut(prompts, size)):
            yield part.outputs

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the likelihoods of each batch as it comes back."""
        size = sizes(len(prompts), generation.batch, self.concurrency())
        batches = (Batch(adapter, (), generation, some) for some in cut(prompts, size))
        for part in self._all(batches):
            yield part.weighed

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return how far the adapter moves the next token's logits at most."""
        found = list(self._all([Batch(adapter, (), generation, proof=prompt)]))
        return found[0].shift if found else None

    def _all(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        """Yield the results of batches of a single adapter; the first failure ends them all."""
        for _, part in self.each([((None, batch) for batch in batches)]):
            if isinstance(part, HarnessError):
                raise part
            yield part

    # --- spreading ---------------------------------------------------------------------------

    def concurrency(self) -> int:
        """Return the number of workers asked for; they are started to find out."""
        self._started()
        return self._concurrency

    def each(self, work: Work[Tag]) -> Iterator[tuple[Tag, BatchResult | HarnessError]]:
        """Yield the results of batches, taking each batch when a worker is idle."""
        workers, handout = self._started(), Handout(work)
        finished: list[tuple[Assignment[Tag], WorkerResult | None]] = []
        try:
            while True:
                # Idle workers get work first, to be busy while the caller stores the results.
                while workers.idle and (job := handout.next_for(workers.idle[0])) is not None:
                    workers.give(job)
                for job, result in finished:
                    yield from ((job.tag, part) for part in _results(job, result))
                if not workers.busy and workers.idle and not handout.lost:
                    return  # a worker was idle, and no batch was left for it
                finished = self._once(workers.wait)
                for job, result in finished:
                    if result is None:
                        handout.lose(job)
        finally:
            workers.leave()

    def _started(self) -> Workers:
        if self._broken is not None:
            raise self._broken
        if self._workers is None:
            self._workers = self._once(self._start)
        return self._workers

    def _once(self, step: Callable[[], Result]) -> Result:
        """Run a step; remember its failure, since a second try would wait as long again."""
        try:
            return step()
        except HarnessError as problem:
            self._broken = problem
            raise

    def _start(self) -> Workers:
        ray = self._opened.enter_context(self._reach())
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        parts = slices(nodes, self._cluster, self._gpus)
        _log.info(
            "%d workers with %d cores and %d GPUs each", parts.actors, parts.cores, parts.gpus
        )
        workers = Workers(ray, describe(self._here), self._cluster.patience)
        self._opened.callback(workers.dismiss)
        workers.start(self._maker(), parts)
        self._concurrency = parts.actors
        return workers

    def close(self) -> None:
        """End the workers, and a Ray that was started for them."""
        self._opened.close()


def _results(
    job: Assignment[Tag], result: WorkerResult | None
) -> Iterator[BatchResult | HarnessError]:
    if result is None:
        if job.deaths >= MAX_DEATHS:
            yield EngineFailed(
                f"{job.batch.adapter.name}: {job.deaths} workers died over the same piece (is their"
                " memory too small?), run the same command again to go on"
            )
        return
    yield from result.parts
    if result.problem is not None:
        yield result.problem
