"""The page Over time: metrics per run beside decisions and alarms, and review rates per week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries.events import Event, WeekRates, events_of, weeks_of
from harness.flows.queries.forgetting import Forgetting, forgetting_of
from harness.flows.queries.now import RateLine, task_health
from harness.flows.queries.shared import (
    interval,
    read_page,
    selection,
)
from harness.records import BASE, BASE_PROMPT, Benchmark, Decision, Role
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.in_production import in_production, pinned
from harness.store.points import AdapterRuns, Bin, Period, Window

MAX_POINTS = 400
"""With more runs than this a point stands for a day, or for a month: see `_period`."""
NEWEST = 8
"""Newest adapters shown by default, beside the base, the promoted and the pinned adapter."""


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """A metric that can be shown, with its role and margin in the verdict."""

    name: str = field(metadata=EXACT)
    role: Role = field(metadata=EXACT)
    margin: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """The mean of a metric over a run, or over an adapter's runs of a day or month."""

    at: str = field(metadata=EXACT)
    """Start of the run; ISO 8601, UTC. For a day or month the start of its first run."""
    adapter: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    """Benchmark version: a line never joins points of two versions."""
    mean: float
    low: float | None
    """95 % interval of the mean by Student's t on the cases; None for a single case."""
    high: float | None
    n: int
    """Cases with a score; of a day or month the rounded mean of its runs."""
    runs: int
    """1 where the point is a run."""
    run: str | None = field(metadata=EXACT)
    """The run's id; None where the point stands for several."""


@dataclass(frozen=True, slots=True)
class Band:
    """The period in which a version of the benchmark was used."""

    fingerprint: str = field(metadata=EXACT)
    first: str = field(metadata=EXACT)
    last: str = field(metadata=EXACT)
    runs: int
    current: bool
    """Whether it is the project's current version."""


@dataclass(frozen=True, slots=True)
class SlicePanel:
    """The points of a slice, for a small chart."""

    name: str = field(metadata=QUOTING)
    """industry=logistics"""
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class OverTime:
    """The page Over time, for a benchmark and a metric."""

    task: str | None = field(metadata=EXACT)
    """None for a guard."""
    benchmark: str = field(metadata=EXACT)
    benchmarks: tuple[str, ...] = field(metadata=EXACT)
    """All that can be chosen."""
    metric: str = field(metadata=EXACT)
    metrics: tuple[MetricChoice, ...]
    adapters: tuple[str, ...] = field(metadata=EXACT)
    """All with a complete run, the newest first."""
    chosen: tuple[str, ...] = field(metadata=EXACT)
    """The adapters that are shown."""
    period: Period = field(metadata=EXACT)
    """What a point stands for."""
    points: tuple[Point, ...]
    runs: int
    """That the points stand for."""
    total: int
    """Complete runs of the benchmark, shown or not."""
    bands: tuple[Band, ...]
    marks: tuple[Event, ...]
    weeks: tuple[WeekRates, ...]
    edit_line: RateLine
    rejection_line: RateLine
    slices: tuple[SlicePanel, ...]
    balance: tuple[Forgetting, ...]
    synthetic: bool
    """Whether any of the reviews behind the weeks is synthetic."""


@read_page
def over_time(
    project: Project,
    store: Store,
    benchmark: str | None = None,
    metric: str | None = None,
    adapters: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
) -> OverTime:
    """Return the history of a metric between two days (2026-11-20), both included.

    By default it is about the first benchmark, its first gate and the newest and promoted adapters.
    """
    _check_days(since, until)
    wanted, rules, name = selection(project, store, benchmark, metric)
    known = store.trends.adapters(wanted.name, name)
    decisions = store.decisions.all(wanted.task) if wanted.task else store.decisions.all()
    chosen = _chosen(known, adapters, decisions)
    window = Window(wanted.name, name, chosen, since, until)
    runs, period = _period(store, window)
    weeks = weeks_of(store, wanted.task, since, until)
    held = in_production(decisions).get(wanted.task or "")
    # A guard belongs to no task: it shows the decisions about the chosen adapters.
    shown = [d for d in decisions if wanted.task or d.adapter in chosen]
    health = task_health(project, store, wanted.task or "", held, decisions)
    return OverTime(
        task=wanted.task,
        benchmark=wanted.name,
        benchmarks=tuple(project.benchmarks),
        metric=name,
        metrics=tuple(MetricChoice(rule.name, rule.role, rule.margin) for rule in rules),
        adapters=tuple(one.adapter for one in known),
        chosen=chosen,
        period=period,
        points=_points(store, window, period),
        runs=runs,
        total=sum(one.runs for one in known),
        bands=_bands(store, wanted, name),
        marks=events_of(shown, health.alarms, held, since, until),
        weeks=weeks,
        edit_line=health.edit_line,
        rejection_line=health.rejection_line,
        slices=_panels(store, window, period),
        balance=forgetting_of(project, store, wanted, name, chosen),
        synthetic=any(week.edit.synthetic for week in weeks),
    )


def _check_days(*days: str | None) -> None:
    for day in days:
        try:
            date.fromisoformat(day or "2000-01-01")
        except ValueError as problem:
            raise RequestError(f"{day}: is no day, write it as 2026-11-20") from problem


def _chosen(
    known: Sequence[AdapterRuns], asked: Sequence[str] | None, decisions: Sequence[Decision]
) -> tuple[str, ...]:
    """Return the adapters to show, in the order of their newest runs."""
    if asked is not None:
        return tuple(one.adapter for one in known if one.adapter in asked)
    held = [*in_production(decisions).values(), *pinned(decisions).values()]
    always = {d.adapter for d in held} | {BASE, BASE_PROMPT}
    newest = [one.adapter for one in known if one.adapter not in always][:NEWEST]
    return tuple(one.adapter for one in known if one.adapter in always or one.adapter in newest)


def _period(store: Store, window: Window) -> tuple[int, Period]:
    """Return the number of runs and the finest period that a chart can show them in."""
    runs, first, last = store.trends.span(window)
    if runs <= MAX_POINTS:
        return runs, "run"
    # Every adapter may have run on every day: a bound on the number of points, without a count.
    days = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days + 1
    return runs, "day" if days * len(window.adapters) <= 2 * MAX_POINTS else "month"


def _points(store: Store, window: Window, period: Period) -> tuple[Point, ...]:
    """Return the points of a window; those that are a single run carry its id."""
    bins = store.trends.points(window, period)
    ids = store.trends.run_ids([one.run for one in bins if one.runs == 1])
    return tuple(_point(one, ids.get(one.run) if one.runs == 1 else None) for one in bins)


def _bands(store: Store, benchmark: Benchmark, metric: str) -> tuple[Band, ...]:
    """Return the period of every version that was ever run, the oldest first."""
    return tuple(
        Band(v.fingerprint, v.first, v.last, v.runs, v.fingerprint == benchmark.fingerprint)
        for v in store.trends.versions(benchmark.name, metric)
    )


def _panels(store: Store, window: Window, period: Period) -> tuple[SlicePanel, ...]:
    """Return a panel for each slice, sorted by name."""
    panels: dict[str, list[Point]] = {}
    for one in store.trends.slices(window, period):
        panels.setdefault(str(one.slice), []).append(_point(one, None))
    return tuple(SlicePanel(name, tuple(points)) for name, points in sorted(panels.items()))


def _point(one: Bin, run: str | None) -> Point:
    low, high = interval(one.mean, one.squares, one.n)
    return Point(
        one.at, one.adapter, one.fingerprint, one.mean, low, high, round(one.n), one.runs, run
    )
