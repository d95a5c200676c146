"""One adapter on one benchmark becomes a run: looked up where it is known, else made and kept."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness.engines.embedder import Embedder
from harness.errors import StoreFailed
from harness.flows.opening import Room, Side
from harness.flows.order import Order
from harness.flows.origin import commit, machine, now
from harness.flows.project import Project
from harness.flows.scoring import Scoring, metrics_of
from harness.flows.user_metrics import measures
from harness.flows.writing import Heard, Writing
from harness.records import Benchmark, Case, CaseResult, Run
from harness.store import Store
from harness.store.keys import key_of
from harness.workspace.weights import NONE


@dataclass
class Producer:
    """Makes runs with one room and one store."""

    project: Project
    store: Store
    room: Room
    heard: Heard = lambda step, done, total: None
    seconds: dict[str, float] = field(default_factory=dict)
    _embedder: Embedder | None = None

    def run(
        self,
        side: Side,
        benchmark: Benchmark,
        cases: frozenset[str] | None = None,
        refresh: bool = False,
    ) -> Run:
        """The run of an adapter on a benchmark, or on some cases; `refresh` makes it again."""
        chosen = [c for c in benchmark.cases if cases is None or c.id in cases]
        order = self._order(side, benchmark, chosen)
        metrics = metrics_of(benchmark, self.project.embedder.digest != NONE)
        measures(metrics)  # an unknown one is refused before anything is generated
        known, key = self._newest(self._key(order, metrics))
        if known is not None and not refresh:
            return known
        writing = Writing(order, self.room, self.store, self.heard)
        if refresh:
            writing.forget()
        with self._alone(key):
            return self.store.runs.by_key(key) or self._made(order, writing, metrics, key)

    def _order(self, side: Side, benchmark: Benchmark, cases: list[Case]) -> Order:
        engine = self.room.engine(benchmark.name, side)
        return Order(side, benchmark, cases, engine, self.room.base_digest)

    def _key(self, order: Order, metrics: tuple[str, ...]) -> str:
        """The address of everything that goes into a run."""
        return key_of(
            "run",
            adapter=order.side.name,
            benchmark=order.benchmark.name,
            fingerprint=order.benchmark.fingerprint,
            outputs=list(order.outputs.values()),
            embedder=self.project.embedder.digest,
            measures=measures(metrics),
            metrics=list(metrics),
        )

    def _newest(self, key: str) -> tuple[Run | None, str]:
        """The last run made of exactly this, and the key for the next one (`refresh` makes it)."""
        known, place, again = None, key, 0
        while (found := self.store.runs.by_key(place)) is not None:
            known, again = found, again + 1
            place = key_of("run again", key=key, again=again)
        return known, place

    def known(self, side: Side, benchmark: Benchmark) -> Run | None:
        """The complete run, where the store has it."""
        whole = self._order(side, benchmark, list(benchmark.cases))
        metrics = metrics_of(benchmark, self.project.embedder.digest != NONE)
        return self._newest(self._key(whole, metrics))[0]

    def _made(self, order: Order, writing: Writing, metrics: tuple[str, ...], key: str) -> Run:
        """Generate, weigh and score what is missing, and keep the run."""
        started = now()
        self.seconds = {}
        digest = self.project.embedder.digest
        scoring = Scoring(order, self.store, self.embedder, digest, metrics, self.heard)
        with self.timed("generate"):
            outputs = writing.outputs()
        with self.timed("likelihood"):
            nlls = writing.likelihoods()
        with self.timed("measure"):
            results = scoring.results(outputs, nlls)
        return self.store.runs.keep(self._run(order, results, metrics, started, key), key)

    def _run(
        self,
        order: Order,
        results: tuple[CaseResult, ...],
        metrics: tuple[str, ...],
        started: str,
        key: str,
    ) -> Run:
        moment = re.sub(r"[:.]", "-", started.removesuffix("Z"))[:19]
        name = order.side.name.replace("/", ".")
        return Run(
            id=f"{moment}_{name}_{order.benchmark.name}_{key[:6]}",
            adapter=order.side.name,
            benchmark=order.benchmark.name,
            task=order.benchmark.task,
            fingerprint=order.benchmark.fingerprint,
            results=results,
            complete=order.complete,
            digests={
                "adapter": order.side.digest,
                "base": order.base,
                "embedder": self.project.embedder.digest,
            },
            origin=order.origin
            | {"measures": measures(metrics), "machine": machine()}
            | {"source": commit(self.project.settings.root)},
            started=started,
            seconds=dict(self.seconds),
        )

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """A second process that needs the same run waits for it instead of making it again."""
        from filelock import FileLock

        folder = self.project.settings.reports / ".locks"
        lock = FileLock(folder / f"{key[:2]}.lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as problem:
            raise StoreFailed(f"{folder}: cannot be written ({problem.strerror})") from None
        try:
            yield
        finally:
            lock.release()

    @property
    def embedder(self) -> Embedder:
        """The embedding model, loaded when its first text comes."""
        if self._embedder is None:
            self._embedder = Embedder(self.project.embedder.path)
        return self._embedder

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Durations by step, for the record."""
        begun = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - begun
            self.seconds[step] = round(self.seconds.get(step, 0.0) + spent, 3)
