"""The page Over time: metrics per run with what happened to the adapters, and rates per week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries.events import Event, WeekRates, marks_of, weeks_of, within
from harness.flows.queries.forgetting import Forgetting, balance_of
from harness.flows.queries.now import RateLine, task_health
from harness.flows.queries.shared import (
    chosen_benchmark,
    chosen_metric,
    interval,
    read_page,
    rules_of,
)
from harness.records import BASE, BASE_PROMPT, Benchmark, Decision, Role
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.in_production import in_production, pinned
from harness.store.points import AdapterRuns, Bin, Period, Window

MAX_POINTS = 400
"""More runs than this are gathered by day, more days by month."""


@dataclass(frozen=True, slots=True)
class Point:
    """One run, or all runs of an adapter in a day or month, on one metric."""

    at: str = field(metadata=EXACT)
    """Start of the run; ISO 8601, UTC. For a day or month the start of its first run."""
    adapter: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    """Benchmark version: never a line across two."""
    mean: float
    low: float | None
    """95 % interval of the mean by Student's t on the cases; None for a single case."""
    high: float | None
    n: int
    """Cases with a score; of a day or month those of one run, rounded."""
    runs: int
    """1 where the point is a run."""
    run: str | None = field(metadata=EXACT)
    """The run's id; None where the point stands for several."""


@dataclass(frozen=True, slots=True)
class Band:
    """How long one version of the benchmark was used."""

    fingerprint: str = field(metadata=EXACT)
    first: str = field(metadata=EXACT)
    last: str = field(metadata=EXACT)
    runs: int
    current: bool
    """Whether it is the version that lies in the project now."""


@dataclass(frozen=True, slots=True)
class SlicePanel:
    """One of the small multiples."""

    name: str = field(metadata=QUOTING)
    """industry=logistics"""
    points: tuple[Point, ...]


def period_of(store: Store, window: Window) -> tuple[int, Period]:
    """As fine as a chart can show it."""
    runs, first, last = store.trends.span(window)
    if runs <= MAX_POINTS:
        return runs, "run"
    days = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days + 1
    return runs, "day" if days * len(window.adapters) <= 2 * MAX_POINTS else "month"


def points_of(store: Store, bins: Sequence[Bin]) -> tuple[Point, ...]:
    """With the ids of those that are a single run."""
    ids = store.trends.run_ids([one.run for one in bins if one.runs == 1])
    return tuple(_point(one, ids.get(one.run) if one.runs == 1 else None) for one in bins)


def _point(one: Bin, run: str | None) -> Point:
    low, high = interval(one.mean, one.squares, one.n)
    return Point(
        one.at, one.adapter, one.fingerprint, one.mean, low, high, round(one.n), one.runs, run
    )


def panels_of(store: Store, window: Window, period: Period) -> tuple[SlicePanel, ...]:
    """One for each slice, by name."""
    panels: dict[str, list[Point]] = {}
    for one in store.trends.slices(window, period):
        panels.setdefault(str(one.slice), []).append(_point(one, None))
    return tuple(SlicePanel(name, tuple(points)) for name, points in sorted(panels.items()))


def bands_of(store: Store, benchmark: Benchmark, metric: str) -> tuple[Band, ...]:
    """Every version that was ever run, the oldest first."""
    return tuple(
        Band(v.fingerprint, v.first, v.last, v.runs, v.fingerprint == benchmark.fingerprint)
        for v in store.trends.versions(benchmark.name, metric)
    )


NEWEST = 8
"""Adapters that are shown where nobody chose, beside the base, the promoted and the pinned one."""


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """A metric that can be shown, and what it counts for in the verdict."""

    name: str = field(metadata=EXACT)
    role: Role = field(metadata=EXACT)
    margin: float | None


@dataclass(frozen=True, slots=True)
class OverTime:
    """The whole page, for one benchmark and one metric."""

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
    """Those that are shown."""
    period: Period = field(metadata=EXACT)
    """What one point stands for."""
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
    """Whether any of the reviews behind the weeks is one that nobody made."""


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
    """`since` and `until` are days (2026-11-20); without adapters the newest and promoted ones."""
    for day in (since, until):
        _check_day(day)
    wanted = chosen_benchmark(project, benchmark)
    scored = store.trends.metrics(wanted.name)
    rules = rules_of(wanted, scored)
    name = chosen_metric(rules, scored, metric)
    known = store.trends.adapters(wanted.name, name)
    decisions = store.decisions.all(wanted.task) if wanted.task else store.decisions.all()
    chosen = _chosen(known, adapters, decisions)
    window = Window(wanted.name, name, chosen, since, until)
    runs, period = period_of(store, window)
    points = points_of(store, store.trends.points(window, period))
    weeks = weeks_of(store, wanted.task, since, until)
    held = in_production(decisions).get(wanted.task or "")
    mine = [d for d in decisions if wanted.task or d.adapter in chosen]
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
        points=points,
        runs=runs,
        total=sum(one.runs for one in known),
        bands=bands_of(store, wanted, name),
        marks=within(marks_of(mine, health.alarms, held), since, until),
        weeks=weeks,
        edit_line=health.edit_line,
        rejection_line=health.rejection_line,
        slices=panels_of(store, window, period),
        balance=balance_of(project, store, wanted, name, chosen),
        synthetic=any(week.edit.synthetic for week in weeks),
    )


def _check_day(day: str | None) -> None:
    try:
        date.fromisoformat(day or "2000-01-01")
    except ValueError:
        raise RequestError(f"{day}: is no day, write it as 2026-11-20") from None


def _chosen(
    known: Sequence[AdapterRuns], asked: Sequence[str] | None, decisions: Sequence[Decision]
) -> tuple[str, ...]:
    """In the order of their newest runs."""
    if asked is not None:
        return tuple(one.adapter for one in known if one.adapter in asked)
    held = [*in_production(decisions).values(), *pinned(decisions).values()]
    always = {d.adapter for d in held} | {BASE, BASE_PROMPT}
    newest = [one.adapter for one in known if one.adapter not in always][:NEWEST]
    return tuple(one.adapter for one in known if one.adapter in always or one.adapter in newest)
