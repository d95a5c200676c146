"""Writing ahead: what many verdicts lack is asked as one stream, and kept as it comes.

Order after order there is too little work to keep several workers busy, and nobody could say how
much is left. Afterwards every verdict finds its outputs in the store. Only one order, and what is
under way, is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from harness.engines.batches import Batch, BatchResult, What, cut, each, hands, sizes
from harness.engines.protocol import Engine
from harness.errors import AdapterRefused, HarnessError, StoreFailed
from harness.flows.evaluation.backends import AdapterRef, RecordedBackend
from harness.flows.evaluation.generation import GenerationWork, proof_prompt, refuse_unapplied
from harness.flows.evaluation.work import Place
from harness.flows.project import utc_now
from harness.records import BASE_PROMPT, Benchmark, Prompt

if TYPE_CHECKING:
    from harness.flows.evaluation.session import Bench

Cases = frozenset[str] | None
"""Some cases of a benchmark, or all."""


@dataclass(frozen=True, slots=True)
class NeededRun:
    """A run that some verdict will ask for."""

    side: AdapterRef
    benchmark: Benchmark
    cases: Cases
    refresh: bool

    @property
    def pair(self) -> tuple[str, str]:
        """As the producer knows it."""
        return self.side.name, self.benchmark.name


@dataclass(frozen=True, slots=True)
class PrefetchedBatch:
    """Whose a piece is: what came of it is kept there."""

    need: NeededRun
    writing: GenerationWork
    places: Mapping[Place, str]
    """The keys of the ideals that are weighed."""
    proof: str | None
    """The key under which the adapter's proof is kept, where one was asked for."""


def prefetch(bench: Bench, wanted: Iterable[tuple[str, str, Cases]]) -> None:
    """All outputs and likelihoods for verdicts on these adapters, benchmarks and cases.

    What fails is remembered for whoever needs it; only a store that fails ends it.
    """
    if isinstance(bench.room, RecordedBackend):
        return  # nothing is asked of anybody
    Prefetch(bench, _needs(bench, wanted)).write()


def _needs(bench: Bench, wanted: Iterable[tuple[str, str, Cases]]) -> list[NeededRun]:
    """Each run once, in the order in which verdicts will ask; who is refused needs nothing."""
    found: dict[object, NeededRun] = {}
    for adapter, name, cases in wanted:
        try:
            trial, benchmark = bench.trial(adapter), bench.benchmark(name)
            whole = cases is None or cases >= {case.id for case in benchmark.cases}
            some = None if whole else cases
            for side, on in trial.needs(benchmark, some):
                need = NeededRun(side, on, some, bench.request.refresh and side is trial.side)
                same = (side.digest, side.name == BASE_PROMPT, on.name, some)
                if same not in found or need.refresh:
                    found[same] = need
        except StoreFailed:
            raise
        except HarnessError:
            continue  # whoever asks for the verdict is told
    return list(found.values())


@dataclass
class Prefetch:
    """One stream of work, its progress, and who failed."""

    bench: Bench
    needs: list[NeededRun]
    _total: int = 0
    _done: int = 0
    _refused: dict[str, HarnessError] = field(default_factory=dict)
    """By an adapter's digest, why nothing is asked of it on any benchmark."""
    _shown: set[str] = field(default_factory=set)
    """Keys of proofs that were given."""

    def write(self) -> None:
        """Count what is lacking, then ask for all of it."""
        for need in self.needs:
            with self._of(need):
                writing = self._writing(need)
                self._total += len(writing.unwritten()) if writing else 0
                self._total += sum(len(p.ideals) for p in writing.unweighed()[0]) if writing else 0
        if not self._total:
            return
        engine = self.bench.room.engine(self.needs[0].benchmark.name, self.needs[0].side)
        try:
            for asked, done in each(engine, self._pieces(engine)):
                self._came(asked, done)
        except StoreFailed:
            raise
        except HarnessError:
            return  # the engine as a whole; whoever asks it next is told at once

    def _pieces(self, engine: Engine) -> Iterator[tuple[PrefetchedBatch, Batch]]:
        """Taken one by one as somebody is free to do them."""
        for need in self.needs:
            if problem := self._refused.get(need.side.digest):
                self.bench.producer.broken[need.pair] = problem
                continue
            with self._of(need):
                yield from self._of_one(need, engine)

    def _of_one(self, need: NeededRun, engine: Engine) -> Iterator[tuple[PrefetchedBatch, Batch]]:
        writing = self._writing(need)
        if writing is None:
            return
        generation = need.benchmark.generation
        size = sizes(self._total, generation.batch, hands(engine))
        texts, (ideals, places) = writing.unwritten(), writing.unweighed()
        if not texts and not ideals:
            return
        mounted = self.bench.room.mount(need.side)
        unproven = writing.unproven() if texts else None
        for what, some in _in_turn(cut(texts, size), cut(ideals, size)):
            if need.pair in self.bench.producer.broken:
                return
            key = unproven if what == "write" and unproven not in self._shown else None
            proof = proof_prompt(need.side, need.benchmark) if key else None
            asked = PrefetchedBatch(need, writing, places, key)
            yield asked, Batch(mounted, some, generation, what, proof)

    def _came(self, asked: PrefetchedBatch, done: BatchResult | HarnessError) -> None:
        need, writing = asked.need, asked.writing
        with self._of(need):
            if isinstance(done, HarnessError):
                raise done
            if done.shift is not None and asked.proof is not None:
                refuse_unapplied(need.side, done.shift)
                writing.store.outputs.keep_proof(asked.proof, done.shift, utc_now())
                self._shown.add(asked.proof)
            step = "likelihood" if done.weighed else "generate"
            spent = self.bench.producer.spent[need.pair]
            spent[step] = spent.get(step, 0.0) + done.seconds
            if done.outputs:
                writing.keep_texts(done.outputs)
            if done.weighed:
                writing.keep_weighed(done.weighed, asked.places)
            self._done += len(done.outputs) + len(done.weighed)
            word = "weighing ideals" if done.weighed else "writing"
            self.bench.producer.heard(f"{writing.order.title}: {word}", self._done, self._total)

    def _writing(self, need: NeededRun) -> GenerationWork | None:
        return self.bench.producer.lacking(need.side, need.benchmark, need.cases, need.refresh)

    @contextmanager
    def _of(self, need: NeededRun) -> Iterator[None]:
        """Who fails on a benchmark is asked nothing more there, and the others go on."""
        try:
            yield
        except StoreFailed:
            raise
        except HarnessError as problem:
            self.bench.producer.broken[need.pair] = problem
            if isinstance(problem, AdapterRefused):
                self._refused[need.side.digest] = problem


def _in_turn(
    texts: Iterable[tuple[Prompt, ...]], ideals: Iterable[tuple[Prompt, ...]]
) -> Iterator[tuple[What, tuple[Prompt, ...]]]:
    """Ideals right after the texts of the same prompts, which the engine may still have read."""
    for some, weighed in zip_longest(texts, ideals):
        if some:
            yield "write", some
        if weighed:
            yield "weigh", weighed
