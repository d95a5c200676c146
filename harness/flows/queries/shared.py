"""What a page is about where nobody chose: the first benchmark, its gate, what is promoted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from math import sqrt
from typing import Concatenate, ParamSpec, TypeVar

from harness.alarm.wilson import wilson
from harness.flows.project import Project
from harness.judge import default_rules
from harness.judge.intervals import quantile
from harness.records import Benchmark, Decision, MetricRule, Tally
from harness.store import Store
from harness.store.in_production import in_production


@dataclass(frozen=True, slots=True)
class PageRate:
    """A share or a mean of values in 0..1 over reviews."""

    value: float | None = None
    """None where nobody reviewed anything: missing is not zero."""
    low: float | None = None
    """Wilson's 95 % interval."""
    high: float | None = None
    n: int = 0
    """Reviews behind it."""
    synthetic: int = 0
    """How many reviews of the group nobody made."""


def edit_rate(tally: Tally | None) -> PageRate:
    """The mean edit rate over the reviews with a final text."""
    if tally is None:
        return PageRate()
    return rate(tally.edit_rate, tally.final_n, tally.synthetic)


def rejection_rate(tally: Tally | None) -> PageRate:
    """The share that was thrown away."""
    if tally is None:
        return PageRate()
    return rate(tally.rejection_rate, tally.n, tally.synthetic)


def rate(value: float | None, n: int, synthetic: int = 0) -> PageRate:
    """With its interval; without a value only the n is known."""
    if value is None:
        return PageRate(n=n, synthetic=synthetic)
    low, high = wilson(value, n)
    return PageRate(value, low, high, n, synthetic)


def whole(tallies: list[Tally], key: str) -> Tally | None:
    """Several tallies as one."""
    if not tallies:
        return None
    return Tally(
        key=key,
        n=sum(t.n for t in tallies),
        accepted=sum(t.accepted for t in tallies),
        edited=sum(t.edited for t in tallies),
        rejected=sum(t.rejected for t in tallies),
        final_n=sum(t.final_n for t in tallies),
        edit_sum=sum(t.edit_sum for t in tallies),
        synthetic=sum(t.synthetic for t in tallies),
        first_seq=min(t.first_seq for t in tallies),
        last_seq=max(t.last_seq for t in tallies),
    )


P = ParamSpec("P")
Page = TypeVar("Page")
View = Callable[Concatenate[Project, Store, P], Page]


def read_page(view: View[P, Page]) -> View[P, Page]:
    """The same view, on one connection, with its texts masked."""

    @wraps(view)
    def looking(project: Project, store: Store, /, *args: P.args, **kwargs: P.kwargs) -> Page:
        with store.database.at_once():
            page = view(project, store, *args, **kwargs)
        return project.redaction.record(page)

    return looking


def chosen_benchmark(project: Project, name: str | None) -> Benchmark:
    """The named one, else that of the first task."""
    return project.known(name) if name else next(iter(project.benchmarks.values()))


def benchmark_of(project: Project, task: str) -> Benchmark | None:
    """The first benchmark of a task; None for a task that only the ledger knows."""
    return next((b for b in project.benchmarks.values() if b.task == task), None)


def rules_of(benchmark: Benchmark, scored: Collection[str]) -> tuple[MetricRule, ...]:
    """Gates first; then what was scored without being asked for."""
    rules = benchmark.metrics or default_rules(scored)
    named = {rule.name for rule in rules}
    more = default_rules(scored) if named else ()
    others = [MetricRule(rule.name, "report") for rule in more if rule.name not in named]
    order = ("gate", "guard", "report")
    return tuple(sorted([*rules, *others], key=lambda rule: order.index(rule.role)))


def chosen_metric(
    rules: Collection[MetricRule], scored: Collection[str], asked: str | None = None
) -> str:
    """What was asked for where it is known, else the first gate with scores."""
    names = [rule.name for rule in rules]
    if asked in names or asked in scored:
        return str(asked)
    return next((name for name in names if name in scored), names[0] if names else "")


def promoted_on(decisions: Collection[Decision], benchmark: Benchmark) -> str | None:
    """The adapter in production for a benchmark's task; for a guard that of the only task."""
    held = in_production(decisions)
    task = benchmark.task or (next(iter(held)) if len(held) == 1 else None)
    return held[task].adapter if task in held else None


def interval(mean: float, squares: float, n: float) -> tuple[float | None, float | None]:
    """95 % by Student's t over the cases, within 0..1; None where one case is all there is."""
    df = round(n) - 1
    if df < 1:
        return None, None
    reach = quantile(0.975, df) * sqrt(max(0.0, squares) / df / n)
    return max(0.0, mean - reach), min(1.0, mean + reach)
