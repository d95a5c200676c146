"""Monitor the promoted adapters: whether it is time to retrain, task by task, and why."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

from harness.alarm.reasons import reasons_of, state_of
from harness.errors import RequestError
from harness.flows.evaluation.context import Request
from harness.flows.monitoring.drift import drift_of, prediction, run_again
from harness.flows.monitoring.input_shift import input_shift
from harness.flows.monitoring.review_counts import count_reviews, edit_drivers
from harness.flows.monitoring.set_aside import finals_set_aside
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.progress import OnProgress
from harness.records import Age, Benchmark, Decision, Monitored, SetAside
from harness.store import Store
from harness.workspace.adapters.files import read_training
from harness.workspace.project.voice_days import voice_since


@dataclass(frozen=True, slots=True)
class MonitorRequest:
    """The tasks to monitor, since when, and with which checks."""

    task: str | None = None
    """None means every task of the project."""
    since: str | None = None
    """Only reviews from this day on, 2026-11-20."""
    run: bool = False
    """Run the promoted adapters on their benchmarks again."""
    inputs: bool = True
    """Compare the inputs with the benchmark's, for which the embedder may have to load."""
    engine: str | None = None
    store: str | None = None


def silent(step: str, done: int, total: int) -> None:
    """Ignore the progress."""


def monitor(
    project: Project, request: MonitorRequest, on_progress: OnProgress = silent
) -> list[Monitored]:
    """Monitor the requested tasks, in the project's order."""
    since = request.since
    if since is not None:
        try:
            since = date.fromisoformat(since).isoformat()
        except ValueError as problem:
            message = f"--since {since}: is no day, write it like 2026-11-20"
            raise RequestError(message) from problem
    with closing(open_store(project, request.store)) as store:
        tasks = project.tasks
        if request.task is not None:
            tasks = [str(project.task_benchmark(request.task).task)]
        found = []
        for task in tasks:
            held = store.decisions.promoted(task)
            benchmarks = [b for b in project.benchmarks.values() if b.task == task]
            if held is None:
                found.append(Monitored(task, "watch", ("nothing is promoted yet",), None))
                continue
            if request.run:
                again = Request(engine=request.engine, store=request.store)
                run_again(project, held, benchmarks, again, on_progress)
            found.append(
                _monitored(project, store, held, benchmarks, since, request.inputs, on_progress)
            )
        return found


def _monitored(
    project: Project,
    store: Store,
    held: Decision,
    benchmarks: Sequence[Benchmark],
    since: str | None,
    inputs: bool,
    on_progress: OnProgress,
) -> Monitored:
    """Judge the promoted adapter of a task by its reviews, its runs and its inputs."""
    counted = count_reviews(project, store, held, since)
    runs = [drift_of(store, held, benchmark) for benchmark in benchmarks]
    watched = (*counted.watched, *(one for one, _ in runs))
    drifts = tuple(drift for _, drift in runs if drift is not None)
    moved = None
    if inputs and benchmarks:
        moved = input_shift(project, store, held, benchmarks[0], counted.recent, on_progress)
    line = counted.watched[0].line
    standouts = edit_drivers(store, held, counted.recent_edits, line.acceptable) if line else ()
    return Monitored(
        task=held.task,
        state=state_of(watched),
        reasons=reasons_of(watched, standouts, drifts, moved),
        promoted=held,
        reviews=sum(week.n for week in counted.weeks),
        synthetic=sum(week.synthetic for week in counted.recent),
        weeks=tuple(week.key for week in counted.recent),
        watched=watched,
        standouts=standouts,
        drifts=drifts,
        inputs=moved,
        prediction=prediction(store, held, benchmarks[0], since) if benchmarks else None,
        age=age_of(project, held, utc_now(project.settings.calendar)[:10]),
        set_aside=_set_aside(project, store, benchmarks[0]) if benchmarks else None,
    )


def _set_aside(project: Project, store: Store, benchmark: Benchmark) -> SetAside | None:
    since = voice_since(project.settings.benchmarks / benchmark.name)
    return finals_set_aside(store, benchmark, utc_now(project.settings.calendar)[:10], since)


def age_of(project: Project, held: Decision, today: str) -> Age:
    """Return the days since the promotion and since the training; the data is at least as old."""
    folder = project.settings.adapters / held.adapter
    # Other tools may write training.json too: any value may be missing or of another type.
    training = (read_training(folder) if folder.is_dir() else None) or {}
    dataset = training.get("dataset")
    dataset = dataset if isinstance(dataset, dict) else {}
    trained = training.get("finished")
    trained = trained if isinstance(trained, str) else None
    name, examples = dataset.get("version", dataset.get("name")), dataset.get("examples")
    return Age(
        promoted_days=_days(held.at, today),
        trained=trained,
        trained_days=_days(trained, today) if trained else None,
        dataset=name if isinstance(name, str) else None,
        examples=examples if isinstance(examples, int) else None,
    )


def _days(then: str, today: str) -> int | None:
    try:
        return (date.fromisoformat(today) - date.fromisoformat(then[:10])).days
    except ValueError:
        return None
