"""Is it time to retrain? Everything that is known about what is promoted, task by task."""

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
from harness.flows.monitoring.review_counts import ReviewCounts, count_reviews, edit_drivers
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.progress import OnProgress
from harness.records import Age, Benchmark, Decision, Drift, InputShift, Monitored, Watched
from harness.store import Store
from harness.workspace.adapters.files import read_training


@dataclass(frozen=True, slots=True)
class MonitorRequest:
    """What is to be looked at."""

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
    """Progress that nobody watches."""


def monitor(
    project: Project, look: MonitorRequest, on_progress: OnProgress = silent
) -> list[Monitored]:
    """Every task that was asked for, in the project's order."""
    since = None if look.since is None else _day(look.since)
    with closing(open_store(project, look.store)) as store:
        found = []
        for task in tasks_of(project, look.task):
            held = store.decisions.promoted(task)
            benchmarks = [b for b in project.benchmarks.values() if b.task == task]
            if held is None:
                found.append(Monitored(task, "watch", ("nothing is promoted yet",), None))
                continue
            if look.run:
                request = Request(engine=look.engine, store=look.store)
                run_again(project, held, benchmarks, request, on_progress)
            found.append(_looked(project, store, held, benchmarks, since, look.inputs, on_progress))
        return found


def tasks_of(project: Project, task: str | None) -> list[str]:
    """The one that was named, or all that have a benchmark."""
    if task is not None:
        return [str(project.task_benchmark(task).task)]
    return project.tasks


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise RequestError(f"--since {text}: is no day, write it like 2026-11-20") from None


def _looked(
    project: Project,
    store: Store,
    held: Decision,
    benchmarks: Sequence[Benchmark],
    since: str | None,
    inputs: bool,
    on_progress: OnProgress,
) -> Monitored:
    counted = count_reviews(project, store, held, since)
    runs = [drift_of(store, held, benchmark) for benchmark in benchmarks]
    watched = (*counted.watched, *(one for one, _ in runs))
    drifts = tuple(drift for _, drift in runs if drift is not None)
    moved = _inputs(project, store, held, benchmarks, counted, on_progress) if inputs else None
    return _told(project, store, held, benchmarks, since, counted, watched, drifts, moved)


def _told(
    project: Project,
    store: Store,
    held: Decision,
    benchmarks: Sequence[Benchmark],
    since: str | None,
    counted: ReviewCounts,
    watched: tuple[Watched, ...],
    drifts: tuple[Drift, ...],
    moved: InputShift | None,
) -> Monitored:
    line = counted.watched[0].line
    why = edit_drivers(store, held, counted.recent_edits, line.acceptable) if line else ()
    return Monitored(
        task=held.task,
        state=state_of(watched),
        reasons=reasons_of(watched, why, drifts, moved),
        promoted=held,
        reviews=sum(week.n for week in counted.weeks),
        synthetic=sum(week.synthetic for week in counted.recent),
        weeks=tuple(week.key for week in counted.recent),
        watched=watched,
        standouts=why,
        drifts=drifts,
        inputs=moved,
        prediction=prediction(store, held, benchmarks[0], since) if benchmarks else None,
        age=age_of(project, held, utc_now()[:10]),
    )


def _inputs(
    project: Project,
    store: Store,
    held: Decision,
    benchmarks: Sequence[Benchmark],
    counted: ReviewCounts,
    on_progress: OnProgress,
) -> InputShift | None:
    if not benchmarks:
        return None
    return input_shift(project, store, held, benchmarks[0], counted.recent, on_progress)


def age_of(project: Project, held: Decision, today: str) -> Age:
    """Days since the promotion and since the training; the data is as old at least."""
    folder = project.settings.adapters / held.adapter
    training = (read_training(folder) if folder.is_dir() else None) or {}
    dataset = training.get("dataset")
    dataset = dataset if isinstance(dataset, dict) else {}
    trained = training.get("finished")
    trained = trained if isinstance(trained, str) else None
    name, examples = dataset.get("name"), dataset.get("examples")
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
