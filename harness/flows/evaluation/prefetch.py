"""Ask the engine for the outputs and likelihoods of many verdicts in a single stream beforehand.

Run after run, there would be too little work to keep several workers busy, and no honest estimate
of the time left. Afterwards every verdict finds its outputs in the store. Only one run's work, and
the batches under way, are in memory at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from harness.engines.batches import Batch, BatchResult, batches_of, concurrency, each, sizes
from harness.engines.protocol import BackendEngine
from harness.errors import AdapterRefused, HarnessError, StoreFailed
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.generation import GenerationWork, proof_prompt, refuse_unapplied
from harness.flows.evaluation.outstanding import Outstanding
from harness.flows.evaluation.work import Place
from harness.flows.project import utc_now
from harness.records import BASE_PROMPT, Benchmark

if TYPE_CHECKING:
    from harness.flows.evaluation.session import Session

_log = logging.getLogger(__name__)

VERDICT = 0.1
"""Seconds of a verdict besides scoring: reading and keeping runs, judging; see perf/fleet.py."""

Cases = frozenset[str] | None
"""Some cases of a benchmark, or all."""


@dataclass(frozen=True, slots=True)
class NeededRun:
    """A run that a verdict will ask for."""

    adapter: AdapterRef
    benchmark: Benchmark
    cases: Cases
    refresh: bool

    @property
    def pair(self) -> tuple[str, str]:
        """The names under which the producer knows it."""
        return self.adapter.name, self.benchmark.name


@dataclass(frozen=True, slots=True)
class PrefetchedBatch:
    """The run that a batch belongs to, and where its results are kept."""

    need: NeededRun
    work: GenerationWork
    places: Mapping[Place, str]
    """The keys of the ideals that are weighed."""
    proof: str | None
    """The key under which the adapter's proof is kept, where one was asked for."""
    number: int
    """How many batches were handed out before it."""


def prefetch(session: Session, wanted: Iterable[tuple[str, str, Cases]]) -> None:
    """Make all outputs and likelihoods for verdicts on these adapters, benchmarks and cases.

    A failure is kept for the verdict that needs the run; only a failing store ends the stream.
    """
    if session.backend.recorded:
        return  # outputs from files cost nothing to read later
    verdicts = list(wanted)
    try:
        Prefetch(session, _needs(session, verdicts)).write([on for _, on, _ in verdicts])
    finally:
        session.producer.time_left = None


def _needs(session: Session, wanted: Iterable[tuple[str, str, Cases]]) -> list[NeededRun]:
    """Return each needed run once, in the order of the verdicts; refused adapters need none."""
    found: dict[object, NeededRun] = {}
    for name, on, cases in wanted:
        try:
            candidate, asked = session.candidate(name), session.benchmark(on)
            whole = cases is None or cases >= {case.id for case in asked.cases}
            some = None if whole else cases
            for adapter, benchmark in candidate.needs(asked, some):
                if adapter.served is not None:
                    continue  # its own server answers, not the engine of this stream
                refresh = session.request.refresh and adapter is candidate.adapter
                need = NeededRun(adapter, benchmark, some, refresh)
                same = (adapter.digest, adapter.name == BASE_PROMPT, benchmark.name, some)
                if same not in found or need.refresh:
                    found[same] = need
        except StoreFailed:
            raise
        except HarnessError as problem:
            _log.debug("%s on %s is not prefetched: %s", name, on, problem)  # its verdict says it
    return list(found.values())


@dataclass
class Prefetch:
    """A stream of batches with its progress and its failures."""

    session: Session
    needs: list[NeededRun]
    _refused: dict[str, HarnessError] = field(default_factory=dict)
    """By an adapter's digest, why it is asked for no benchmark at all."""
    _proven: set[str] = field(default_factory=set)
    """Keys of proofs that were given."""

    def __post_init__(self) -> None:
        self._outstanding = Outstanding(self.session.producer)

    def write(self, verdicts: Iterable[str]) -> None:
        """Count the missing outputs and ideals, then ask for all of them.

        `verdicts` are the benchmarks of the verdicts that follow: their time is a part of what is
        left, as far as runs that the store has tell it.
        """
        producer, measured = self.session.producer, dict[str, float]()
        for need in self.needs:
            with self._failures_of(need):
                if work := self._work(need):
                    self._outstanding.expect(work)
                elif (name := need.benchmark.name) not in measured:
                    known = producer.known(need.adapter, need.benchmark)
                    measured[name] = known.seconds.get("measure", 0.0) if known else 0.0
        if not self._outstanding.total:
            return
        first = self.needs[0]
        self.session.backend.expect(need.adapter for need in self.needs)
        engine = self.session.backend.engine(first.benchmark.name, first.adapter)
        afterwards = sum(measured.get(name, 0.0) + VERDICT for name in verdicts)
        self._outstanding.begin(concurrency(engine), afterwards)
        try:
            for asked, result in each(engine, self._work_of_adapters(engine)):
                self._keep(asked, result)
        except StoreFailed:
            raise
        except HarnessError as problem:
            # the engine as a whole failed: each verdict asks it again and reports the reason
            _log.debug("prefetching ended early: %s", problem)

    def _work_of_adapters(
        self, engine: BackendEngine
    ) -> Iterator[Iterator[tuple[PrefetchedBatch, Batch]]]:
        """Yield the batches of one adapter after the other, on all benchmarks that need it."""
        return (self._batches(needs, engine) for needs in in_turn(self.needs))

    def _batches(
        self, needs: Iterable[NeededRun], engine: BackendEngine
    ) -> Iterator[tuple[PrefetchedBatch, Batch]]:
        """Yield batches; the engine takes the next when it has a free worker."""
        for need in needs:
            if problem := self._refused.get(need.adapter.digest):
                self._give_up(need, problem)
                continue
            with self._failures_of(need):
                yield from self._batches_of(need, engine)

    def _batches_of(
        self, need: NeededRun, engine: BackendEngine
    ) -> Iterator[tuple[PrefetchedBatch, Batch]]:
        work = self._work(need)
        if work is None:
            return
        generation = need.benchmark.generation
        size = sizes(self._outstanding.total, generation.batch, concurrency(engine))
        texts, (ideals, places) = work.unwritten(), work.unweighed()
        if not texts and not ideals:
            return
        work.refuse_long()
        work.check_server()
        mounted = self.session.backend.mount(need.adapter)
        unproven = work.unproven() if texts else None
        for batch in batches_of(mounted, texts, ideals, generation, size):
            if need.pair in self.session.producer.broken:
                return
            key = unproven if batch.prompts and unproven not in self._proven else None
            proof = proof_prompt(need.adapter, need.benchmark) if key else None
            number = self._outstanding.give(work.spec, batch)
            asked = PrefetchedBatch(need, work, places, key, number)
            yield asked, replace(batch, proof=proof)

    def _keep(self, asked: PrefetchedBatch, result: BatchResult | HarnessError) -> None:
        """Store what a batch brought, and count it."""
        need, work, producer = asked.need, asked.work, self.session.producer
        with self._failures_of(need):
            if isinstance(result, HarnessError):
                self._outstanding.end(asked.number)
                raise result
            if result.shift is not None and asked.proof is not None:
                refuse_unapplied(need.adapter, result.shift)
                work.store.outputs.keep_proof(asked.proof, result.shift, utc_now())
                self._proven.add(asked.proof)
            step = "likelihood" if result.weighed else "generate"
            spent = producer.spent[need.pair]
            spent[step] = spent.get(step, 0.0) + result.seconds
            if result.outputs:
                work.keep_texts(result.outputs)
            if result.weighed:
                work.keep_weighed(result.weighed, asked.places)
            self._outstanding.count(asked.number, work.spec, result)

    def _work(self, need: NeededRun) -> GenerationWork | None:
        producer = self.session.producer
        return producer.lacking(need.adapter, need.benchmark, need.cases, need.refresh)

    @contextmanager
    def _failures_of(self, need: NeededRun) -> Iterator[None]:
        """Keep a failure for the verdict that needs the run; the other runs go on."""
        try:
            yield
        except StoreFailed:
            raise
        except HarnessError as problem:
            self._give_up(need, problem)
            if isinstance(problem, AdapterRefused):
                self._refused[need.adapter.digest] = problem

    def _give_up(self, need: NeededRun, problem: HarnessError) -> None:
        self.session.producer.broken[need.pair] = problem
        self._outstanding.forgo(need.pair)


def in_turn(needs: Iterable[NeededRun]) -> Iterator[list[NeededRun]]:
    """Yield the runs of each adapter together; adapters of different benchmarks take turns.

    So every kind of work comes early, and what it costs is known for the time left.
    """
    of_adapters: dict[str, list[NeededRun]] = {}
    for need in needs:
        of_adapters.setdefault(need.adapter.digest, []).append(need)
    alike: dict[tuple[str, ...], list[list[NeededRun]]] = {}
    for runs in of_adapters.values():
        alike.setdefault(tuple(run.benchmark.name for run in runs), []).append(runs)
    for turn in zip_longest(*alike.values()):
        yield from (runs for runs in turn if runs is not None)
