"""What a page is about where nobody chose: the first benchmark, its gate, what is promoted."""

from __future__ import annotations

from collections.abc import Collection
from math import sqrt

from harness.flows.project import Project
from harness.judge import default_rules
from harness.judge.intervals import quantile
from harness.records import Benchmark, Decision, MetricRule
from harness.store.in_production import in_production


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
