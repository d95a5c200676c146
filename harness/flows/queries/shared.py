"""What every page needs: a masked, consistent read; rates with intervals; default selections.

Tested in tests/flows/queries/test_long_history.py.
"""

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

P = ParamSpec("P")
Page = TypeVar("Page")
View = Callable[Concatenate[Project, Store, P], Page]


def read_page(view: View[P, Page]) -> View[P, Page]:
    """Run a view on a single database connection and mask the texts of the page it returns."""

    @wraps(view)
    def read(project: Project, store: Store, /, *args: P.args, **kwargs: P.kwargs) -> Page:
        with store.database.at_once():
            page = view(project, store, *args, **kwargs)
        # Masked last: masked texts look equal, so the view itself must compare the real texts.
        return project.redaction.record(page)

    return read


@dataclass(frozen=True, slots=True)
class PageRate:
    """A share or a mean of values in 0..1 over reviews."""

    value: float | None = None
    """None without any review: missing is not zero."""
    low: float | None = None
    """Wilson's 95 % interval."""
    high: float | None = None
    n: int = 0
    """Reviews behind it."""
    synthetic: int = 0
    """How many reviews of the group are synthetic."""


def rate(value: float | None, n: int, synthetic: int = 0) -> PageRate:
    """Return a rate with its interval; without a value only the counts are filled in."""
    if value is None:
        return PageRate(n=n, synthetic=synthetic)
    low, high = wilson(value, n)
    return PageRate(value, low, high, n, synthetic)


def edit_rate(tally: Tally) -> PageRate:
    """Return the mean edit rate over the reviews with a final text."""
    return rate(tally.edit_rate, tally.final_n, tally.synthetic)


def rejection_rate(tally: Tally) -> PageRate:
    """Return the share of rejected outputs."""
    return rate(tally.rejection_rate, tally.n, tally.synthetic)


def interval(mean: float, squares: float, n: float) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a mean by Student's t, within 0..1; None for a single case.

    `squares` is the sum of squared deviations from the mean.
    """
    df = round(n) - 1
    if df < 1:
        return None, None
    # Rounding may leave the sum of squares a little below zero.
    reach = quantile(0.975, df) * sqrt(max(0.0, squares) / df / n)
    return max(0.0, mean - reach), min(1.0, mean + reach)


def selection(
    project: Project, store: Store, benchmark: str | None, metric: str | None = None
) -> tuple[Benchmark, tuple[MetricRule, ...], str]:
    """Return the benchmark, its rules and the metric that a page is about.

    Defaults are the project's first benchmark, and the first rule with scores, a gate if possible.
    """
    found = project.known(benchmark) if benchmark else next(iter(project.benchmarks.values()))
    scored = store.trends.metrics(found.name)
    rules = _rules(found, scored)
    names = [rule.name for rule in rules]
    if metric is not None and (metric in names or metric in scored):
        return found, rules, metric
    usual = names[0] if names else ""
    return found, rules, next((name for name in names if name in scored), usual)


def _rules(benchmark: Benchmark, scored: Collection[str]) -> tuple[MetricRule, ...]:
    """Return the rules of a benchmark, gates first, and report rules for other scored metrics."""
    rules = benchmark.metrics or default_rules(scored)
    named = {rule.name for rule in rules}
    more = default_rules(scored) if named else ()
    others = [MetricRule(rule.name, "report") for rule in more if rule.name not in named]
    order = ("gate", "guard", "report")
    return tuple(sorted([*rules, *others], key=lambda rule: order.index(rule.role)))


def benchmark_of(project: Project, task: str) -> Benchmark | None:
    """Return the first benchmark of a task; None for a task that only the ledger knows."""
    return next((b for b in project.benchmarks.values() if b.task == task), None)


def promoted_on(decisions: Collection[Decision], benchmark: Benchmark) -> str | None:
    """Return the adapter in production for a benchmark's task; for a guard, for the only task."""
    held = in_production(decisions)
    task = benchmark.task or (next(iter(held)) if len(held) == 1 else None)
    return held[task].adapter if task in held else None
