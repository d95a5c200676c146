"""Make runs: look up stored outputs, generate and score the rest, and store the run."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from harness.engines.embedder import Embedder
from harness.errors import EngineFailed, HarnessError
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.evaluation.generation import GenerationWork, chunks
from harness.flows.evaluation.known_runs import KnownRuns, Pair
from harness.flows.evaluation.other_engines import far_off
from harness.flows.evaluation.renewal import ASKED, not_answered, recall, renew, run_is_old
from harness.flows.evaluation.scoring import Scoring, measures, metrics_of
from harness.flows.evaluation.templates import begins_thought, refuse_unchosen
from harness.flows.evaluation.work import Place, RunSpec
from harness.flows.project import Project, commit, machine, utc_now
from harness.progress import OnProgress
from harness.records import CALENDAR, REPLAYED, Benchmark, CaseResult, Output, Run
from harness.store import Store
from harness.time_left import TimeLeft
from harness.workspace.adapters.served import ServedModel
from harness.workspace.base.weights import NONE
from harness.workspace.formats.locks import locked
from harness.workspace.project.recordings import RECORDED


@dataclass
class Producer:
    """The maker of a process's runs, with its backend and its store."""

    project: Project
    store: Store
    backend: Backend
    on_progress: OnProgress = lambda step, done, total: None
    time_left: TimeLeft | None = None
    """The time left of all work that is under way; None where it is a single run."""
    seconds: dict[str, float] = field(default_factory=dict)
    spent: dict[Pair, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """Seconds by step that prefetching spent on a run."""
    broken: dict[Pair, HarnessError] = field(default_factory=dict)
    """Runs that prefetching could not make, and why."""
    made_again: dict[Pair, str] = field(default_factory=dict)
    """Runs that were made although the store has one by an older version of the engine."""
    _forgotten: set[str | Pair] = field(default_factory=set)
    """Keys of runs, or the names of a run, that were forgotten in this process."""
    _embedder: Embedder | None = None
    _in_turns: bool = False
    """Whether memory holds base or embedder, not both: each goes when the other comes."""

    def __post_init__(self) -> None:
        self._known = KnownRuns(self.project, self.store, self.made_again)

    def run(
        self,
        adapter: AdapterRef,
        benchmark: Benchmark,
        cases: frozenset[str] | None = None,
        refresh: bool = False,
    ) -> Run:
        """Return the run of an adapter on a benchmark or some of its cases; make it if necessary.

        `refresh` makes it again.
        """
        spec, metrics = self._spec(adapter, benchmark, cases)
        known, key = self._known.newest(self._known.key(spec, metrics), spec)
        served = adapter.served
        old = known is not None and served is not None and run_is_old(served, known, utc_now())
        if known is not None and not refresh and not old:
            return self._beside_others(known)
        if problem := self.broken.get((adapter.name, benchmark.name)):
            raise problem
        work = self._work(spec, metrics, refresh and served is None)
        if served is not None:
            kept = self._renewed(work, served, refresh)
            if kept and known is not None:
                return known
        # A second process waits, so that it doesn't make the run too. At most 256 files, however
        # many runs.
        with locked(self.project.settings.reports / ".locks", key[:2]):
            # another process may have made it while this process waited for the lock
            there = self.store.runs.by_key(key)
            try:
                made = there or self._made(spec, work, metrics, key)
            except EngineFailed as problem:
                if served is None or known is None or refresh:
                    raise
                # some of its answers were renewed: those go on from here the next time
                self.made_again[adapter.name, benchmark.name] = not_answered(
                    adapter.name, problem, str(known.origin.get(ASKED))
                )
                return known
        return self._beside_others(made)

    def _renewed(self, work: GenerationWork, served: ServedModel, refresh: bool) -> str:
        """Recall recorded answers of a name, and renew those beyond their age; note a failure."""
        spec, settings = work.spec, self.project.settings
        if self.project.bar is None:  # else a pull request could bring answers of its own along
            recall(work, settings.root / RECORDED)
        pair = (spec.adapter.name, spec.benchmark.name)
        refresh = refresh and pair not in self._forgotten
        kept = renew(work, served, refresh)
        if refresh:
            self._forgotten.add(pair)
        if kept:
            self.made_again[pair] = kept
        return kept

    def _beside_others(self, run: Run) -> Run:
        """Note where another engine scored the same bytes otherwise than a server does."""
        if (said := far_off(self.store, run)) is not None:
            self.made_again[run.adapter, run.benchmark] = said
        return run

    def lacking(
        self,
        adapter: AdapterRef,
        benchmark: Benchmark,
        cases: frozenset[str] | None = None,
        refresh: bool = False,
    ) -> GenerationWork | None:
        """Return the work that a run may still need; None where the store has the run."""
        spec, metrics = self._spec(adapter, benchmark, cases)
        known, _ = self._known.newest(self._known.key(spec, metrics), spec)
        return None if known is not None and not refresh else self._work(spec, metrics, refresh)

    def _spec(
        self, adapter: AdapterRef, benchmark: Benchmark, cases: frozenset[str] | None
    ) -> tuple[RunSpec, tuple[str, ...]]:
        refuse_unchosen(self.project, self.backend, adapter, benchmark)
        chosen = [c for c in benchmark.cases if cases is None or c.id in cases]
        spec = RunSpec(adapter, benchmark, chosen, self.backend)
        metrics = metrics_of(benchmark, self.project.embedder.digest != NONE)
        measures(metrics, benchmark.name)  # refuses an unknown metric before any text is generated
        return spec, metrics

    def _work(self, spec: RunSpec, metrics: tuple[str, ...], refresh: bool) -> GenerationWork:
        """Return a run's work; `refresh` forgets its stored outputs, once in this process."""
        self.store.database.refuse_read_only()  # before a model is loaded for it
        work = GenerationWork(spec, self.store, self.on_progress)
        address = self._known.key(spec, metrics)
        # only once: prefetching and the verdict both ask, and the second needs what the first made
        if refresh and address not in self._forgotten:
            work.forget()
            self._forgotten.add(address)
        return work

    def known(self, adapter: AdapterRef, benchmark: Benchmark) -> Run | None:
        """Return the run on the whole benchmark, where the store has it."""
        whole = RunSpec(adapter, benchmark, benchmark.cases, self.backend)
        metrics = metrics_of(benchmark, self.project.embedder.digest != NONE)
        return self._known.newest(self._known.key(whole, metrics), whole)[0]

    def _made(self, spec: RunSpec, work: GenerationWork, metrics: tuple[str, ...], key: str) -> Run:
        """Generate, weigh and score the missing outputs, and store the run."""
        started = utc_now(self.project.settings.calendar)
        self._known.note_older_way(spec, self.backend.base_of(spec.adapter))
        work.refuse_long()
        self.seconds = dict(self.spent.pop((spec.adapter.name, spec.benchmark.name), {}))
        digest = self.project.embedder.digest
        scoring = Scoring(
            spec,
            self.store,
            self.embedder,
            digest,
            metrics,
            self.on_progress,
            lambda: begins_thought(self.backend, spec.adapter, spec.benchmark),
        )
        outputs: dict[str, Output] = {}
        nlls: dict[Place, float | None] = {}
        for chunk in chunks(work):
            with self.timed("generate"):
                outputs |= chunk.outputs()
            with self.timed("likelihood"):
                nlls |= chunk.likelihoods()
        with self.timed("measure"):
            results = scoring.results(outputs, nlls)
        if self._in_turns:
            self.embedder.release()
        made = self._run(spec, results, metrics, started, key)
        return self._known.confirmed(made, self._known.key(spec, metrics)) or self.store.runs.keep(
            made, key
        )

    def _run(
        self,
        spec: RunSpec,
        results: tuple[CaseResult, ...],
        metrics: tuple[str, ...],
        started: str,
        key: str,
    ) -> Run:
        moment = re.sub(r"[:.]", "-", started.removesuffix("Z"))[:19]
        name = spec.adapter.name.replace("/", ".")
        return Run(
            id=f"{moment}_{name}_{spec.benchmark.name}_{key[:6]}",
            adapter=spec.adapter.name,
            benchmark=spec.benchmark.name,
            task=spec.benchmark.task,
            fingerprint=spec.benchmark.fingerprint,
            results=results,
            complete=spec.complete,
            digests={
                "adapter": spec.adapter.digest,
                "base": self.backend.base_of(spec.adapter),
                "embedder": self.project.embedder.digest,
            },
            origin=spec.origin
            | self._written_as(spec)
            | self._asked(spec)
            | self._exported(spec)
            | {"measures": measures(metrics), "machine": machine()}
            | {"source": self._source}
            | self._calendar(),
            started=started,
            seconds=dict(self.seconds),
        )

    @cached_property
    def _source(self) -> dict[str, str | bool]:
        """The project's commit; git is asked once, for this process read the project once too."""
        return commit(self.project.settings.root)

    def _calendar(self) -> dict[str, str]:
        """Return that the day of the run was declared; a seal covers it, a setting cannot."""
        return {CALENDAR: REPLAYED} if self.project.settings.calendar.now else {}

    def _written_as(self, spec: RunSpec) -> dict[str, str]:
        """Return the template and the end of turn; not part of a key, as they follow from it."""
        form = self.backend.chat_format(spec.adapter, spec.benchmark)
        return {} if form is None else form.described

    def _asked(self, spec: RunSpec) -> dict[str, str]:
        """Return when the oldest answer of a name was given; not part of a key either."""
        if spec.adapter.served is None:
            return {}
        return {ASKED: min(self.store.outputs.made(spec.outputs.values()).values())}

    def _exported(self, spec: RunSpec) -> dict[str, dict[str, str]]:
        """Return what an export is made of; not part of a key, as its own bytes are."""
        export = spec.adapter.exported
        return {} if export is None else {"export": export.described}

    @property
    def embedder(self) -> Embedder:
        """The embedding model, loaded with its first text."""
        if self._embedder is None:
            self._embedder = Embedder(self.project.embedder.path, self._make_room)
        return self._embedder

    def _make_room(self) -> None:
        """Let the base go where the embedder does not fit beside it."""
        self.backend.release()
        self._in_turns = True

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the seconds that a step takes to the run's record."""
        begun = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - begun
            self.seconds[step] = round(self.seconds.get(step, 0.0) + spent, 3)
