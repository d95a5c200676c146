"""The page Over time: metrics per run with what happened to the adapters, and rates per week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries.events import Mark, Week, marks_of, weeks_of, within
from harness.flows.queries.forgetting import Balance, balance_of
from harness.flows.queries.health import Line, task_health
from harness.flows.queries.one_look import one_look
from harness.flows.queries.points import (
    Band,
    Point,
    SlicePanel,
    bands_of,
    panels_of,
    period_of,
    points_of,
)
from harness.flows.queries.shared import chosen_benchmark, chosen_metric, rules_of
from harness.records import BASE, BASE_PROMPT, Decision, Role
from harness.records.holds import EXACT
from harness.store import Store
from harness.store.in_production import in_production, pinned
from harness.store.points import AdapterRuns, Period, Window

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
    marks: tuple[Mark, ...]
    weeks: tuple[Week, ...]
    edit_line: Line
    rejection_line: Line
    slices: tuple[SlicePanel, ...]
    balance: tuple[Balance, ...]
    synthetic: bool
    """Whether any of the reviews behind the weeks is one that nobody made."""


@one_look
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
