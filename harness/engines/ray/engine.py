"""Engine `ray`: the in-process engine on many workers of Ray, its outputs the very same.

A text depends on nothing but its own prompt, so who wrote it matters as little as when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TypeVar

from harness.engines.batches import Batch, BatchResult, Whose, cut, sizes
from harness.engines.protocol import Engine, Mounted, Weighed
from harness.engines.ray.slices import slices
from harness.engines.ray.start import reached_ray
from harness.engines.ray.worker import Make, WorkerResult, hello
from harness.engines.ray.workers import TRIES, Assignment, Workers, given_up
from harness.errors import HarnessError
from harness.records import Cluster, Generation, Output, Prompt

Came = TypeVar("Came")


class Ray:
    """Spreads pieces over workers; nothing is started before a first prompt comes."""

    name = "ray"
    likelihoods = True

    def __init__(
        self,
        here: Engine,
        maker: Callable[[], Make],
        cluster: Cluster,
        gpus: bool = False,
    ) -> None:
        """`here` says what outputs are addressed by; `maker` gives what every worker calls."""
        self._here = here
        self._maker = maker
        self._cluster = cluster
        self._gpus = gpus
        self._opened = ExitStack()
        self._crew: Workers | None = None
        self._broken: HarnessError | None = None
        """Why there are no workers: said again, not tried again."""
        self._hands = 0

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """That of the in-process engine: outputs are shared with it."""
        return self._here.origin(generation)

    # --- what every engine keeps -------------------------------------------------------------

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """In pieces, as they come back."""
        size = sizes(len(prompts), generation.batch, self.hands())
        for done in self._all(Batch(adapter, some, generation) for some in cut(prompts, size)):
            yield done.outputs

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """In pieces, as they come back."""
        size = sizes(len(prompts), generation.batch, self.hands())
        pieces = (Batch(adapter, some, generation, "weigh") for some in cut(prompts, size))
        for done in self._all(pieces):
            yield done.weighed

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """How far the adapter moves the next token's logits at most."""
        found = list(self._all([Batch(adapter, (), generation, proof=prompt)]))
        return found[0].shift if found else None

    def _all(self, pieces: Iterable[Batch]) -> Iterator[BatchResult]:
        """What comes of pieces of one adapter: what ends one ends all."""
        for _, done in self.each((None, piece) for piece in pieces):
            if isinstance(done, HarnessError):
                raise done
            yield done

    # --- spreading ---------------------------------------------------------------------------

    def hands(self) -> int:
        """Workers that were asked for; they are started to find out."""
        self._started()
        return self._hands

    def each(
        self, pieces: Iterable[tuple[Whose, Batch]]
    ) -> Iterator[tuple[Whose, BatchResult | HarnessError]]:
        """Pieces are taken as workers become free, so they may be as many as there are."""
        crew = self._started()
        source, again = iter(pieces), deque[Assignment]()
        finished: list[tuple[Assignment, WorkerResult | None]] = []
        try:
            while True:
                _hand_out(crew, source, again)
                for job, result in finished:
                    yield from ((job.whose, one) for one in _told(job, result))
                if not crew.busy and not again and crew.idle:
                    return  # somebody was free, and there was nothing to give
                finished = self._once(crew.wait)
                again.extend(job for job, result in finished if _to_repeat(job, result))
        finally:
            crew.leave()

    def _started(self) -> Workers:
        if self._broken is not None:
            raise self._broken
        if self._crew is None:
            self._crew = self._once(self._start)
        return self._crew

    def _once(self, step: Callable[[], Came]) -> Came:
        """What fails here would fail again, after waiting as long again."""
        try:
            return step()
        except HarnessError as problem:
            self._broken = problem
            raise

    def _start(self) -> Workers:
        ray = self._opened.enter_context(reached_ray())
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        parts = slices(nodes, self._cluster, self._gpus)
        crew = Workers(ray, hello(self._here), self._cluster.patience)
        self._opened.callback(crew.dismiss)
        crew.start(self._maker(), parts)
        self._hands = parts.actors
        return crew

    def close(self) -> None:
        """The workers end, and with them a Ray that was started for them."""
        self._opened.close()


def _hand_out(
    crew: Workers, source: Iterator[tuple[Whose, Batch]], again: deque[Assignment]
) -> None:
    """To everybody who is free: first what somebody died over."""
    while crew.idle:
        if again:
            crew.give(again.popleft())
        elif (following := next(source, None)) is not None:
            crew.give(Assignment(*following))
        else:
            return


def _to_repeat(job: Assignment, result: WorkerResult | None) -> bool:
    """Whether another worker is to do it, since the one that had it died."""
    if result is not None:
        return False
    job.deaths += 1
    return job.deaths < TRIES


def _told(job: Assignment, result: WorkerResult | None) -> Iterator[BatchResult | HarnessError]:
    if result is None:
        if job.deaths >= TRIES:
            yield given_up(job)
        return
    yield from result.parts
    if result.problem is not None:
        yield result.problem
