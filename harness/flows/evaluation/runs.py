"""One adapter on one benchmark becomes a run: looked up where it is known, else made and kept."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness.engines.embedder import Embedder
from harness.errors import HarnessError, StoreFailed
from harness.flows.evaluation.generation import GenerationWork, OnProgress, chunks
from harness.flows.evaluation.scoring import Scoring, measures, metrics_of
from harness.flows.evaluation.work import Place, RunSpec
from harness.flows.project import Project, commit, machine, utc_now
from harness.flows.store import AdapterRef, Backend
from harness.records import Benchmark, Case, CaseResult, Output, Run
from harness.store import Store
from harness.store.keys import key_of
from harness.workspace.base.weights import NONE

Pair = tuple[str, str]
"""Names of an adapter and a benchmark."""


@dataclass
class Producer:
    """Makes runs with one room and one store."""

    project: Project
    store: Store
    room: Backend
    heard: OnProgress = lambda step, done, total: None
    seconds: dict[str, float] = field(default_factory=dict)
    spent: dict[Pair, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """Seconds by step that went into a run before it was asked for (`prefetch.py` beside this)."""
    broken: dict[Pair, HarnessError] = field(default_factory=dict)
    """Runs that were tried before they were asked for, and why they cannot be made."""
    _forgotten: set[str] = field(default_factory=set)
    _embedder: Embedder | None = None

    def run(
        self,
        side: AdapterRef,
        benchmark: Benchmark,
        cases: frozenset[str] | None = None,
        refresh: bool = False,
    ) -> Run:
        """The run of an adapter on a benchmark, or on some cases; `refresh` makes it again."""
        order, metrics = self._asked(side, benchmark, cases)
        known, key = self._newest(self._key(order, metrics))
        if known is not None and not refresh:
            return known
        if problem := self.broken.get((side.name, benchmark.name)):
            raise problem
        writing = self._writing(order, metrics, refresh)
        with self._alone(key):
            return self.store.runs.by_key(key) or self._made(order, writing, metrics, key)

    def lacking(
        self,
        side: AdapterRef,
        benchmark: Benchmark,
        cases: frozenset[str] | None = None,
        refresh: bool = False,
    ) -> GenerationWork | None:
        """What an engine may have to be asked for a run; None where the run is there already."""
        order, metrics = self._asked(side, benchmark, cases)
        known, _ = self._newest(self._key(order, metrics))
        return None if known is not None and not refresh else self._writing(order, metrics, refresh)

    def _asked(
        self, side: AdapterRef, benchmark: Benchmark, cases: frozenset[str] | None
    ) -> tuple[RunSpec, tuple[str, ...]]:
        chosen = [c for c in benchmark.cases if cases is None or c.id in cases]
        order = self._order(side, benchmark, chosen)
        metrics = metrics_of(benchmark, self.project.embedder.digest != NONE)
        measures(metrics, benchmark.name)  # an unknown one is refused before any is generated
        return order, metrics

    def _writing(self, order: RunSpec, metrics: tuple[str, ...], refresh: bool) -> GenerationWork:
        """What is remembered of the outputs is forgotten once, however often it is asked for."""
        writing = GenerationWork(order, self.room, self.store, self.heard)
        address = self._key(order, metrics)
        if refresh and address not in self._forgotten:
            writing.forget()
            self._forgotten.add(address)
        return writing

    def _order(self, side: AdapterRef, benchmark: Benchmark, cases: list[Case]) -> RunSpec:
        engine = self.room.engine(benchmark.name, side)
        return RunSpec(side, benchmark, cases, engine, self.room.base_digest)

    def _key(self, order: RunSpec, metrics: tuple[str, ...]) -> str:
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

    def known(self, side: AdapterRef, benchmark: Benchmark) -> Run | None:
        """The complete run, where the store has it."""
        whole = self._order(side, benchmark, list(benchmark.cases))
        metrics = metrics_of(benchmark, self.project.embedder.digest != NONE)
        return self._newest(self._key(whole, metrics))[0]

    def _made(
        self, order: RunSpec, writing: GenerationWork, metrics: tuple[str, ...], key: str
    ) -> Run:
        """Generate, weigh and score what is missing, and keep the run."""
        started = utc_now()
        self.seconds = dict(self.spent.pop((order.side.name, order.benchmark.name), {}))
        digest = self.project.embedder.digest
        scoring = Scoring(order, self.store, self.embedder, digest, metrics, self.heard)
        outputs: dict[str, Output] = {}
        nlls: dict[Place, float | None] = {}
        for stretch in chunks(writing):
            with self.timed("generate"):
                outputs |= stretch.outputs()
            with self.timed("likelihood"):
                nlls |= stretch.likelihoods()
        with self.timed("measure"):
            results = scoring.results(outputs, nlls)
        return self.store.runs.keep(self._run(order, results, metrics, started, key), key)

    def _run(
        self,
        order: RunSpec,
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
