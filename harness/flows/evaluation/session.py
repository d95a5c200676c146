"""Open a project, run candidates, compare them with the promoted adapter, and judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import RequestError
from harness.flows.evaluation.backends import ENGINES, open_backend
from harness.flows.evaluation.base_ref import at_base
from harness.flows.evaluation.candidate import Candidate
from harness.flows.evaluation.context import Context, Request
from harness.flows.evaluation.kept_outputs import keep_outputs
from harness.flows.evaluation.runs import Producer
from harness.flows.mlflow import open_tracking
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.measure import METRICS
from harness.progress import OnProgress
from harness.records import Benchmark, Verdict
from harness.registered import ENGINES as ENGINES_GROUP
from harness.registered import METRICS as METRICS_GROUP
from harness.registered import refuse_taken
from harness.workspace.formats.scratch import scratch_folder


@dataclass
class Session(Context):
    """A context with the candidates that were judged in it."""

    _candidates: dict[str, Candidate] = field(default_factory=dict)

    def candidate(self, name: str) -> Candidate:
        """Return the adapter on trial, its files checked once."""
        if name not in self._candidates:
            adapter = self.backend.adapter(name)
            self.backend.check(adapter)
            self._candidates[name] = Candidate(self, adapter)
        return self._candidates[name]

    def forget(self, name: str) -> None:
        """Let go of an adapter's runs and verdicts: in a sweep over thousands they add up."""
        self._candidates.pop(name, None)

    def export(self, of: str, place: Path) -> str:
        """Take the export of an adapter in a folder as one more candidate; return its name."""
        self.candidate(of)  # the adapter itself is what it is judged against, so it must be sound
        return self.backend.exported(of, place).name

    def benchmarks(self, name: str) -> list[Benchmark]:
        """Return the benchmarks asked for, else those of the adapter's task and every guard."""
        if self.request.benchmarks:
            return [self.benchmark(benchmark) for benchmark in self.request.benchmarks]
        task = self.candidate(name).task
        found = [self.benchmark(benchmark) for benchmark in self.project.benchmarks]
        return [b for b in found if b.guard or task in (None, b.task)]


@contextmanager
def open_session(project: Project, request: Request, on_progress: OnProgress) -> Iterator[Session]:
    """Open everything that an evaluation needs, and give it back at the end."""
    if request.samples is not None and not 1 <= request.samples <= 64:
        raise RequestError(f"{request.samples} samples a case, allowed are 1 to 64")
    refuse_taken({METRICS_GROUP: METRICS, ENGINES_GROUP: ENGINES}, RequestError)
    with ExitStack() as opened:
        if request.base_ref is not None and project.bar is None:
            folder = opened.enter_context(scratch_folder()).resolve()
            project = at_base(project, request.base_ref, folder)
            opened.callback(keep_outputs, project)
        project = project.showing(request.texts).reporting_to(request.reports)
        project = project.kept_in(request.store)
        store = opened.enter_context(closing(open_store(project, request.store)))
        copies = opened.enter_context(scratch_folder())
        backend = opened.enter_context(
            closing(open_backend(project, request.engine, lambda: copies))
        )
        producer = Producer(project, store, backend, on_progress)
        tracking = open_tracking(project, request.mlflow)
        yield Session(project, request, store, backend, producer, tracking)


def evaluate(
    adapter: str,
    *,
    benchmarks: Sequence[str] = (),
    against: str | None = None,
    engine: str | None = None,
    store: str | None = None,
    project: str | Path | None = None,
    baselines: bool = True,
    reserve: bool = True,
    finals: bool = True,
    base_ref: str | None = None,
    export: str | Path | None = None,
) -> Mapping[str, Verdict]:
    """Judge an adapter on the project's benchmarks; a verdict for each, by benchmark name.

    The same flow as `pytest --model ADAPTER`, for use from Python. `reserve` and `finals` say
    whether reserve cases and texts that people sent are used. With `base_ref`, that commit sets the
    bar: its benchmark, policy, settings, history and promoted adapter. With `export`, the export of
    the adapter in that folder is judged against the adapter itself.
    """
    request = Request(
        *(tuple(benchmarks), against, engine, store),
        baselines=baselines,
        reserve=reserve,
        finals=finals,
        base_ref=base_ref,
    )
    if export is not None:
        request = against_itself(request, adapter)
    place = Project.here(Path(project) if project else None)
    with open_session(place, request, lambda step, done, total: None) as session:
        name = adapter if export is None else session.export(adapter, Path(export))
        candidate = session.candidate(name)
        shown = session.project.redaction.record  # a notebook shows what it is given
        return {b.name: shown(candidate.evaluate(b).verdict) for b in session.benchmarks(name)}


def against_itself(request: Request, adapter: str) -> Request:
    """Return the request by which an export is judged: against its own adapter, not the base."""
    if request.against not in (None, adapter):
        raise RequestError(
            f"an export of {adapter} is compared with {adapter} itself, not with {request.against}"
        )
    return replace(request, against=adapter, baselines=False)
