"""The main flow: an adapter on trial is run, compared with what is in production, and judged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import RequestError
from harness.flows.evaluation.candidate import References
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.evaluation.generation import OnProgress
from harness.flows.evaluation.runs import Producer
from harness.flows.mlflow import Tracking, open_tracking
from harness.flows.project import Project, utc_now
from harness.flows.store import ENGINES, AdapterRef, Backend, open_room, open_store
from harness.judge import verdict as judge
from harness.measure import METRICS
from harness.records import BASE, BASE_PROMPT, Benchmark, Run, Verdict
from harness.records.holds import EXACT
from harness.registered import ENGINES as ENGINES_GROUP
from harness.registered import METRICS as METRICS_GROUP
from harness.registered import refuse_taken
from harness.store import Store
from harness.workspace.adapters.files import read_training


@dataclass(frozen=True, slots=True)
class Request:
    """What a face asks for."""

    benchmarks: tuple[str, ...] = ()
    """Names; empty means all."""
    against: str | None = None
    """Compare with this adapter instead of the promoted one."""
    engine: str | None = None
    store: str | None = None
    reports: Path | None = None
    samples: int | None = None
    refresh: bool = False
    """Forget what the store knows about the candidate's run and make it again."""
    baselines: bool = True
    """Whether `base` and `base+prompt` are run as well, to say what fine-tuning was worth."""
    texts: bool = True
    """Whether faces may show texts, where the project's settings let them."""
    mlflow: str | None = None
    """Log verdicts to this place of MLflow's instead of the settings' one."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run with its verdict, and since when its reference is promoted."""

    run: Run
    verdict: Verdict
    promoted_at: str | None = field(default=None, metadata=EXACT)
    overridden: bool = False
    """Whether that promotion was against or without a verdict."""
    verdict_id: str = field(default="", metadata=EXACT)
    """In the store."""


@dataclass
class Bench:
    """An open project: store, engine and everything that was made in this process."""

    project: Project
    request: Request
    store: Store
    room: Backend
    producer: Producer
    tracking: Tracking | None = None
    """Where verdicts are logged besides the store."""
    _trials: dict[str, Candidate] = field(default_factory=dict)

    def trial(self, adapter: str) -> Candidate:
        """The adapter on trial, its files checked once."""
        if adapter not in self._trials:
            side = self.room.side(adapter)
            self.room.refuse_unsound(side)
            self._trials[adapter] = Candidate(self, side)
        return self._trials[adapter]

    def benchmark(self, name: str) -> Benchmark:
        """A benchmark with what the request changes in it."""
        found = self.project.known(name)
        if self.request.samples is None:
            return found
        samples = self.request.samples
        warm = found.generation.temperature or (0.7 if samples > 1 else 0.0)
        return replace(
            found, generation=replace(found.generation, samples=samples, temperature=warm)
        )

    def benchmarks(self, adapter: str) -> list[Benchmark]:
        """Those that were asked for, else those of the adapter's task and every guard."""
        if self.request.benchmarks:
            return [self.benchmark(name) for name in self.request.benchmarks]
        task = self.trial(adapter).task
        found = [self.benchmark(name) for name in self.project.benchmarks]
        return [b for b in found if b.guard or task in (None, b.task)]


@contextmanager
def open_bench(project: Project, request: Request, heard: OnProgress) -> Iterator[Bench]:
    """Everything that an evaluation needs, given back at the end."""
    project = project.showing(request.texts)
    if request.reports is not None:
        project = Project(replace(project.settings, reports=request.reports))
    if request.samples is not None and not 1 <= request.samples <= 64:
        raise RequestError(f"{request.samples} samples a case, allowed are 1 to 64")
    refuse_taken({METRICS_GROUP: METRICS, ENGINES_GROUP: ENGINES}, RequestError)
    with ExitStack() as opened:
        store = opened.enter_context(closing(open_store(project, request.store)))
        copies = Path(tempfile.mkdtemp(prefix="lora-harness-"))
        opened.callback(shutil.rmtree, copies, ignore_errors=True)
        room = opened.enter_context(closing(open_room(project, request.engine, lambda: copies)))
        producer = Producer(project, store, room, heard)
        tracking = open_tracking(project, request.mlflow)
        yield Bench(project, request, store, room, producer, tracking)


@dataclass
class Candidate:
    """One adapter on trial: its runs and verdicts, each made once."""

    bench: Bench
    side: AdapterRef
    _evaluations: dict[tuple[str, frozenset[str] | None], Evaluation] = field(default_factory=dict)

    @property
    def task(self) -> str | None:
        """The task that the adapter was trained for, where training.json says so."""
        training = read_training(self.side.files.folder) if self.side.files else None
        task = (training or {}).get("task")
        return task if isinstance(task, str) and task in self.bench.project.tasks else None

    def evaluate(self, benchmark: Benchmark, cases: frozenset[str] | None = None) -> Evaluation:
        """Run what is missing and judge; `cases` limits it, and then it can never promote."""
        if cases is not None and cases >= {case.id for case in benchmark.cases}:
            cases = None
        place = (benchmark.name, cases)
        if place not in self._evaluations:
            self._evaluations[place] = self._evaluate(benchmark, cases)
        return self._evaluations[place]

    def _evaluate(self, benchmark: Benchmark, cases: frozenset[str] | None) -> Evaluation:
        references = References(self, benchmark, cases)
        promoted, pinned, first = references.promoted, references.pinned, references.base
        again = self.bench.request.refresh
        run = self.bench.producer.run(self.side, benchmark, cases, refresh=again)
        base = first or references.baseline(BASE)
        prompted = references.baseline(BASE_PROMPT)
        guards = () if benchmark.guard or cases is not None else tuple(self._guards())
        store = self.bench.store
        before = store.verdicts.candidates(benchmark.fingerprint)
        place = [*before, self.side.digest].index(self.side.digest)  # its own, also when repeated
        verdict = judge(
            run,
            promoted,
            benchmark.policy,
            metrics=benchmark.metrics,
            pinned=pinned,
            base=base,
            prompted=prompted,
            accepted=store.decisions.accepted(run.id),
            guards=guards,
            candidates_judged=place + 1,
            guard=benchmark.guard,
            left_out=self._left_out(benchmark, run, promoted, pinned),
        )
        verdict_id = store.verdicts.keep(verdict, run.id, self.side.digest, utc_now())
        if self.bench.tracking is not None:
            self.bench.tracking.judged(run, verdict)
        promoted_at, overridden = references.promoted_at, references.overridden
        return Evaluation(run, verdict, promoted_at, overridden, verdict_id)

    def needs(
        self, benchmark: Benchmark, cases: frozenset[str] | None = None
    ) -> Iterator[tuple[AdapterRef, Benchmark]]:
        """Everybody whose run a verdict rests on, on which benchmark; its own is the first."""
        yield self.side, benchmark
        yield from ((s, benchmark) for s in References(self, benchmark, cases).sides())
        if not benchmark.guard and cases is None:
            for guard in self._guarding():
                yield from self.needs(guard)

    def _left_out(self, benchmark: Benchmark, *runs: Run | None) -> Mapping[str, str]:
        """Cases that one of the adapters compared has seen in training."""
        found: dict[str, str] = {}
        for run in runs:
            if run is not None and self.bench.room.side(run.adapter).files is not None:
                adapters = self.bench.project.settings.adapters
                found = {**find_contamination(adapters, run.adapter, benchmark).cases, **found}
        return found

    def _guards(self) -> Iterator[Verdict]:
        for guard in self._guarding():
            yield self.evaluate(guard).verdict

    def _guarding(self) -> Iterator[Benchmark]:
        for name, benchmark in self.bench.project.benchmarks.items():
            if benchmark.guard:
                yield self.bench.benchmark(name)


def evaluate(
    adapter: str,
    *,
    benchmarks: Sequence[str] = (),
    against: str | None = None,
    engine: str | None = None,
    store: str | None = None,
    project: str | Path | None = None,
    baselines: bool = True,
) -> Mapping[str, Verdict]:
    """Judge an adapter on the project's benchmarks; a verdict for each, by benchmark name.

    The same flow as `pytest --model ADAPTER`, for use from Python.
    """
    request = Request(tuple(benchmarks), against, engine, store, baselines=baselines)
    place = Project.here(Path(project) if project else None)
    with open_bench(place, request, lambda step, done, total: None) as bench:
        trial = bench.trial(adapter)
        return {b.name: trial.evaluate(b).verdict for b in bench.benchmarks(adapter)}
