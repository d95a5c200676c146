"""Forgetting beside gain: what adapters learned for the task, and lost of general ability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.flows.project import Project
from harness.flows.queries.shared import chosen_metric, rules_of
from harness.judge.intervals import quantile, spread
from harness.records import BASE, LOWER_IS_BETTER, RESERVED, Benchmark
from harness.records.holds import EXACT
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Effect:
    """How an adapter's newest run differs from the base's, case by case; better upwards."""

    benchmark: str = field(metadata=EXACT)
    metric: str = field(metadata=EXACT)
    difference: float
    low: float | None
    """95 % interval by Student's t on the paired differences."""
    high: float | None
    n: int
    """Cases that both have."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Forgetting beside gain: what an adapter learned, and what it lost of general ability."""

    adapter: str = field(metadata=EXACT)
    at: str = field(metadata=EXACT)
    """Start of its newest run on the benchmark."""
    gain: Effect | None
    """On the task's benchmark; None where base and adapter have no run in common."""
    guards: tuple[Effect, ...]
    """On each guard benchmark."""


def balance_of(
    project: Project, store: Store, benchmark: Benchmark, metric: str, adapters: Sequence[str]
) -> tuple[Forgetting, ...]:
    """Adapters in the order given; the base itself and adapters without any effect are left out."""
    mine = [name for name in adapters if name not in RESERVED]
    gains = _effects(store, benchmark, metric, mine)
    guards = [one for one in project.benchmarks.values() if one.guard and one != benchmark]
    losses = [_effects(store, one, _gate(store, one), mine) for one in guards]
    started = {one.adapter: one.last for one in store.trends.adapters(benchmark.name, metric)}
    found = [
        Forgetting(
            name,
            started.get(name, ""),
            gains.get(name),
            tuple(lost[name] for lost in losses if name in lost),
        )
        for name in mine
    ]
    return tuple(one for one in found if one.gain or one.guards)


def _gate(store: Store, benchmark: Benchmark) -> str:
    scored = store.trends.metrics(benchmark.name)
    return chosen_metric(rules_of(benchmark, scored), scored)


def _effects(
    store: Store, benchmark: Benchmark, metric: str, adapters: Sequence[str]
) -> dict[str, Effect]:
    """On the benchmark's version of today, by adapter."""
    wanted = (*adapters, BASE)
    newest = store.trends.newest(benchmark.name, metric, wanted, benchmark.fingerprint)
    if BASE not in newest:
        return {}
    scores = store.trends.scores(list(newest.values()), metric)
    base = scores[newest[BASE]]
    found = {}
    for name in adapters:
        effect = _effect(benchmark.name, metric, scores.get(newest.get(name, 0), {}), base)
        if effect is not None:
            found[name] = effect
    return found


def _effect(
    benchmark: str, metric: str, mine: Mapping[str, float], base: Mapping[str, float]
) -> Effect | None:
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    d = np.array([sign * (mine[case] - base[case]) for case in mine if case in base])
    if not len(d):
        return None
    if len(d) == 1:
        return Effect(benchmark, metric, float(d[0]), None, None, 1)
    s = spread(d)
    reach = quantile(0.975, s.df) * s.se
    return Effect(benchmark, metric, s.mean, s.mean - reach, s.mean + reach, s.n)
