"""The page Now: per task what is promoted, is it still good, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.alarm.reasons import reasons_of, state_of
from harness.flows.monitoring.drift import drift_of
from harness.flows.monitoring.review_counts import ReviewCounts, count_reviews
from harness.flows.names import adapters_of, is_for
from harness.flows.project import Project
from harness.flows.queries.next_step import CandidateNow, next_step
from harness.flows.queries.shared import PageRate, benchmark_of, read_page
from harness.records import (
    RESERVED,
    REVIEWED,
    AlarmState,
    Decision,
    NextStep,
    Outcome,
    RetrainLine,
    Watched,
)
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.in_production import in_production, pinned
from harness.store.points import Judged


@dataclass(frozen=True, slots=True)
class RateLine:
    """What the team declared for a rate: fine up to here, retrain from there."""

    acceptable: float | None = None
    retrain: float | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A week, or a run of the benchmark, that raised the alarm."""

    when: str = field(metadata=EXACT)
    """2026-W47, or the day of the run."""
    words: str = field(metadata=QUOTING)


@dataclass(frozen=True, slots=True)
class TaskHealth:
    """How production treats what is promoted for a task, as `lora-harness monitor` counts it."""

    edit: PageRate = field(default_factory=PageRate)
    rejection: PageRate = field(default_factory=PageRate)
    edit_line: RateLine = field(default_factory=RateLine)
    rejection_line: RateLine = field(default_factory=RateLine)
    state: AlarmState | None = field(default=None, metadata=EXACT)
    why: tuple[str, ...] = field(default=(), metadata=QUOTING)
    alarms: tuple[Alarm, ...] = ()


def task_health(
    project: Project,
    store: Store,
    task: str,
    held: Decision | None,
    decisions: Sequence[Decision],
) -> TaskHealth:
    """The reviews of the promoted bytes and the repeated runs; the inputs are left to `monitor`."""
    lines = project.settings.monitor.get(task, {})
    drawn = [_line(lines.get(name)) for name in REVIEWED]
    if held is None:
        return TaskHealth(edit_line=drawn[0], rejection_line=drawn[1])
    counted = count_reviews(project, store, held, decisions=decisions)
    benchmarks = [one for one in project.benchmarks.values() if one.task == task]
    runs = [drift_of(store, held, one, decisions) for one in benchmarks]
    watched = (*counted.watched, *(one for one, _ in runs))
    known = any(one.line and one.n for one in watched)
    drifts = [drift for _, drift in runs if drift is not None]
    return TaskHealth(
        edit=_rate(counted, "edit_rate"),
        rejection=_rate(counted, "rejection_rate"),
        edit_line=drawn[0],
        rejection_line=drawn[1],
        state=state_of(watched) if known else None,
        why=reasons_of(watched, (), drifts, None),
        alarms=tuple(alarm for one in watched for alarm in _alarms(one)),
    )


def _line(declared: RetrainLine | None) -> RateLine:
    return RateLine(declared.acceptable, declared.retrain) if declared else RateLine()


def _rate(counted: ReviewCounts, signal: str) -> PageRate:
    found = next(one for one in counted.watched if one.signal == signal)
    synthetic = sum(week.synthetic for week in counted.recent)
    bounds = (found.low, found.high) if found.rate is not None else (None, None)
    return PageRate(found.rate, *bounds, found.n, synthetic)


def _alarms(watched: Watched) -> list[Alarm]:
    name = watched.signal.replace("_", " ")
    return [Alarm(one.week, f"{name}: alarm") for one in watched.course.alarms]


@dataclass(frozen=True, slots=True)
class PromotedNow:
    """What is in production for a task, and why."""

    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    since: str = field(metadata=EXACT)
    """When it was decided; ISO 8601, UTC."""
    by: str = field(metadata=QUOTING)
    why: str = field(metadata=QUOTING)
    override: bool
    """Promoted against the verdict or without one."""
    age_days: int
    verdict: str | None = field(metadata=EXACT)
    """Id of the verdict that it was promoted with; None where there was none."""
    outcome: Outcome | None = field(metadata=EXACT)
    headline: str = field(metadata=QUOTING)
    """The verdict's first reason; empty where there is no verdict."""
    n: int
    """Cases behind the verdict."""


@dataclass(frozen=True, slots=True)
class TaskNow:
    """One task at a glance."""

    task: str = field(metadata=EXACT)
    benchmark: str | None = field(metadata=EXACT)
    """The task's benchmark; None where the project has none for it any more."""
    cases: int
    """Of that benchmark."""
    promoted: PromotedNow | None
    pinned: str | None = field(metadata=EXACT)
    edit: PageRate
    """Of the promoted adapter's outputs since its promotion."""
    rejection: PageRate
    edit_line: RateLine
    rejection_line: RateLine
    state: AlarmState | None = field(metadata=EXACT)
    """None where it cannot be said: nothing promoted, no reviews or no line."""
    state_why: tuple[str, ...] = field(metadata=QUOTING)
    candidates: tuple[CandidateNow, ...]
    """The newest first, each adapter once."""
    next: NextStep


@dataclass(frozen=True, slots=True)
class Now:
    """The whole page."""

    tasks: tuple[TaskNow, ...]
    runs: int
    """In the store."""
    reviews: int
    synthetic: bool
    """Whether any review in the store is one that nobody made."""


@read_page
def now(project: Project, store: Store, today: date, candidates: int = 5) -> Now:
    """Every task of the project and of the ledger; `today` says how old things are."""
    decisions = store.decisions.all()
    mine = project.tasks
    tasks = dict.fromkeys([*mine, *sorted({d.task for d in decisions if d.kind != "accept"})])
    runs, reviews, _ = store.trends.counts()
    held = in_production(decisions)
    verdicts = store.trends.verdicts([d.verdict for d in held.values() if d.verdict])
    unjudged = _unjudged(project, store, decisions)
    found = tuple(
        _task(
            *(project, store, task, [d for d in decisions if d.task == task]),
            _promoted(held.get(task), verdicts, today),
            candidates,
            [name for name in unjudged if len(mine) == 1 or is_for(project, name, task)],
        )
        for task in tasks
    )
    return Now(found, runs, reviews, store.trends.synthetic())


def _task(
    project: Project,
    store: Store,
    task: str,
    decisions: list[Decision],
    promoted: PromotedNow | None,
    most: int,
    unjudged: list[str],
) -> TaskNow:
    benchmark = benchmark_of(project, task)
    held = in_production(decisions).get(task)
    fixed = pinned(decisions).get(task)
    judged = _candidates(store, benchmark.name, held, most) if benchmark else ()
    health = task_health(project, store, task, held, decisions)
    return TaskNow(
        task=task,
        benchmark=benchmark.name if benchmark else None,
        cases=len(benchmark.cases) if benchmark else 0,
        promoted=promoted,
        pinned=fixed.adapter if fixed else None,
        edit=health.edit,
        rejection=health.rejection,
        edit_line=health.edit_line,
        rejection_line=health.rejection_line,
        state=health.state,
        state_why=health.why,
        candidates=judged,
        next=next_step(
            *(task, held, judged, health.state, decisions),
            reviewed=health.edit.n + health.rejection.n > 0,
            unjudged=unjudged,
        ),
    )


def _unjudged(project: Project, store: Store, decisions: list[Decision]) -> list[str]:
    """Adapters that no verdict and no decision is about."""
    names = adapters_of(project)
    known = {*store.trends.candidates(names), *(one.adapter for one in decisions), *RESERVED}
    return [name for name in names if name not in known]


def _promoted(
    held: Decision | None, verdicts: Mapping[str, Judged], today: date
) -> PromotedNow | None:
    if held is None:
        return None
    verdict = verdicts.get(held.verdict or "")
    return PromotedNow(
        adapter=held.adapter,
        digest=held.digest,
        since=held.at,
        by=held.by,
        why=held.why,
        override=held.override,
        age_days=(today - date.fromisoformat(held.at[:10])).days,
        verdict=held.verdict if verdict else None,
        outcome=verdict.outcome if verdict else None,
        headline=verdict.reason if verdict else "",
        n=verdict.n if verdict else 0,
    )


def _candidates(
    store: Store, benchmark: str, held: Decision | None, most: int
) -> tuple[CandidateNow, ...]:
    return tuple(
        CandidateNow(
            adapter=one.candidate,
            outcome=one.outcome,
            when=one.made,
            reason=one.reason,
            n=one.n,
            run=one.run,
            verdict=one.id,
            digest=one.digest,
            promoted=held is not None and held.digest == one.digest,
        )
        for one in store.trends.judged(benchmark, most)
    )
