"""The page Over time: metrics per run beside decisions and alarms, and review rates per week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries.alarm_course import EvidenceWeek, evidence_weeks
from harness.flows.queries.events import Event, WeekRates, events_of, weeks_of
from harness.flows.queries.forgetting import Forgetting, forgetting_of
from harness.flows.queries.health import RateLine, task_health
from harness.flows.queries.marked_days import marked_days
from harness.flows.queries.points import Point, point_of, points_of
from harness.flows.queries.promoted_path import drift, promoted_path
from harness.flows.queries.shared import read_page, selection
from harness.flows.queries.standing import Standing, standing
from harness.records import BASE, BASE_PROMPT, LOWER_IS_BETTER, Benchmark, Decision, Role
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.in_production import in_production, pinned, puts_in_production
from harness.store.points import AdapterRuns, Period, Window

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
    drift: float | None
    """How far the promoted line moved on the newest benchmark version; None without two runs."""


@dataclass(frozen=True, slots=True)
class MetricPanel:
    """The points of a metric, for one chart among those of all metrics."""

    name: str = field(metadata=EXACT)
    role: Role = field(metadata=EXACT)
    points: tuple[Point, ...]
    path: tuple[Point, ...]
    """The promoted line."""


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
    path: tuple[Point, ...]
    """The promoted line: the points of the adapter in production, through all promotions."""
    standing: Standing | None
    """Whether the adapter in production is still good; None where nothing is promoted."""
    runs: int
    """That the points stand for."""
    total: int
    """Complete runs of the benchmark, shown or not."""
    bands: tuple[Band, ...]
    marks: tuple[Event, ...]
    weeks: tuple[WeekRates, ...]
    evidence: tuple[EvidenceWeek, ...]
    """The alarm's, week by week."""
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
    terms = _terms(wanted, decisions)
    path = promoted_path(_of_terms(store, window, period, terms), terms)
    tallies = store.reviews.weekly_by_adapter(wanted.task) if wanted.task else []
    monday = _monday(since)
    weeks = weeks_of(tallies, monday, until)
    lines = project.settings.monitor.get(wanted.task or "", {})
    weighed = evidence_weeks([term.adapter for term in terms], tallies, lines)
    held = in_production(decisions).get(wanted.task or "")
    days = marked_days(project, wanted.task) if wanted.task else ()
    # A guard belongs to no task: it shows the decisions about the chosen adapters.
    shown = [d for d in decisions if wanted.task or d.adapter in chosen]
    health = task_health(project, store, wanted.task or "", held, decisions)
    panels = _panels(store, window, period, terms)
    return OverTime(
        task=wanted.task,
        benchmark=wanted.name,
        benchmarks=tuple(project.benchmarks),
        metric=name,
        metrics=tuple(MetricChoice(rule.name, rule.role, rule.margin) for rule in rules),
        adapters=tuple(one.adapter for one in known),
        chosen=chosen,
        period=period,
        points=points_of(store, window, period),
        path=_within(path, since, until),
        standing=standing(
            *(held, health, name, path, [(one.name, one.drift) for one in panels]),
            next((rule.margin for rule in rules if rule.name == name), None),
        )
        if held
        else None,
        runs=runs,
        total=sum(one.runs for one in known),
        bands=_bands(store, wanted, name),
        marks=events_of(shown, wanted.task or "", weighed, health.alarms, days, held, since, until),
        weeks=weeks,
        evidence=tuple(w for w in weighed if (monday or "") <= w.starts <= (until or "9999")),
        edit_line=health.edit_line,
        rejection_line=health.rejection_line,
        slices=panels,
        balance=forgetting_of(project, store, wanted, name, chosen),
        synthetic=any(week.edit.synthetic for week in weeks),
    )


@read_page
def all_metrics(
    project: Project,
    store: Store,
    benchmark: str,
    adapters: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
) -> tuple[MetricPanel, ...]:
    """Return every metric of a benchmark with its points, gates first."""
    _check_days(since, until)
    wanted, rules, _ = selection(project, store, benchmark)
    decisions = store.decisions.all(wanted.task) if wanted.task else store.decisions.all()
    terms = _terms(wanted, decisions)
    found = []
    for rule in rules:
        chosen = _chosen(store.trends.adapters(wanted.name, rule.name), adapters, decisions)
        window = Window(wanted.name, rule.name, chosen, since, until)
        _, period = _period(store, window)
        path = promoted_path(_of_terms(store, window, period, terms), terms)
        points = points_of(store, window, period)
        found.append(MetricPanel(rule.name, rule.role, points, _within(path, since, until)))
    return tuple(panel for panel in found if panel.points)


def _terms(benchmark: Benchmark, decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that put an adapter into production; of a guard, the only task's."""
    tasks = {decision.task for decision in puts_in_production(decisions)}
    return puts_in_production(decisions) if benchmark.task or len(tasks) == 1 else []


def _of_terms(
    store: Store, window: Window, period: Period, terms: Sequence[Decision]
) -> tuple[Point, ...]:
    """Return the points of all adapters that were in production, from the first run on."""
    names = tuple(dict.fromkeys(term.adapter for term in terms))
    whole = replace(window, adapters=names, since=None)
    return tuple(map(point_of, store.trends.points(whole, period))) if names else ()


def _within(path: Sequence[Point], since: str | None, until: str | None) -> tuple[Point, ...]:
    """Return the points of a line between two days, both included."""
    return tuple(p for p in path if (since or "") <= p.at[:10] <= (until or "9999"))


def _monday(day: str | None) -> str | None:
    """Return the first day of a day's week: a week that has begun before a range is shown whole."""
    if day is None:
        return None
    found = date.fromisoformat(day)
    return (found - timedelta(days=found.weekday())).isoformat()


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


def _bands(store: Store, benchmark: Benchmark, metric: str) -> tuple[Band, ...]:
    """Return the period of every version that was ever run, the oldest first."""
    return tuple(
        Band(v.fingerprint, v.first, v.last, v.runs, v.fingerprint == benchmark.fingerprint)
        for v in store.trends.versions(benchmark.name, metric)
    )


def _panels(
    store: Store, window: Window, period: Period, decisions: Sequence[Decision]
) -> tuple[SlicePanel, ...]:
    """Return a panel for each slice; those whose promoted line fell most come first."""
    panels: dict[str, list[Point]] = {}
    for one in store.trends.slices(window, period):
        panels.setdefault(str(one.slice), []).append(point_of(one))
    sign = -1 if window.metric in LOWER_IS_BETTER else 1
    found = [
        SlicePanel(
            name,
            tuple(points),
            drift(promoted_path(points, decisions)),
        )
        for name, points in sorted(panels.items())
    ]
    # Sorting is stable: slices that did not move, or cannot be compared, stay in order of name.
    return tuple(sorted(found, key=lambda panel: min(0.0, sign * (panel.drift or 0.0))))
