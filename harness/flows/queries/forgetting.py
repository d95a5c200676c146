"""Forgetting beside gain: what adapters learned for the task, and lost of general ability.

Tested in tests/flows/queries/test_over_time.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.flows.project import Project
from harness.flows.queries.shared import selection
from harness.judge.intervals import quantile, spread
from harness.records import BASE, LOWER_IS_BETTER, RESERVED, Benchmark
from harness.records.holds import EXACT
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference of an adapter's newest run from the base's; positive is better."""

    benchmark: str = field(metadata=EXACT)
    metric: str = field(metadata=EXACT)
    difference: float
    low: float | None
    """95 % interval by Student's t on the paired differences."""
    high: float | None
    n: int
    """Cases that both runs scored."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The gain of an adapter on its task, and its effect on each guard benchmark."""

    adapter: str = field(metadata=EXACT)
    at: str = field(metadata=EXACT)
    """Start of its newest run on the benchmark."""
    gain: Effect | None
    """On the task's benchmark; None where base and adapter have no run in common."""
    guards: tuple[Effect, ...]
    """On each guard benchmark."""


def forgetting_of(
    project: Project, store: Store, benchmark: Benchmark, metric: str, adapters: Sequence[str]
) -> tuple[Forgetting, ...]:
    """Compare adapters with the base, in the order given; leave out those without any effect."""
    names = [name for name in adapters if name not in RESERVED]
    gains = _effects(store, benchmark, metric, names)
    losses = []
    for guard in project.benchmarks.values():
        if guard.guard and guard != benchmark:
            _, _, gate = selection(project, store, guard.name)
            losses.append(_effects(store, guard, gate, names))
    started = {one.adapter: one.last for one in store.trends.adapters(benchmark.name, metric)}
    found = [
        Forgetting(
            name,
            started.get(name, ""),
            gains.get(name),
            tuple(lost[name] for lost in losses if name in lost),
        )
        for name in names
    ]
    return tuple(one for one in found if one.gain or one.guards)


def _effects(
    store: Store, benchmark: Benchmark, metric: str, adapters: Sequence[str]
) -> dict[str, Effect]:
    """Return the effects by adapter, on the benchmark's current version."""
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
    benchmark: str, metric: str, adapter: Mapping[str, float], base: Mapping[str, float]
) -> Effect | None:
    """Return the mean difference over the cases that both scored; None where there are none."""
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    d = np.array([sign * (adapter[case] - base[case]) for case in adapter if case in base])
    if not len(d):
        return None
    if len(d) == 1:  # a single difference has no spread, so no interval
        return Effect(benchmark, metric, float(d[0]), None, None, 1)
    s = spread(d)
    reach = quantile(0.975, s.df) * s.se
    return Effect(benchmark, metric, s.mean, s.mean - reach, s.mean + reach, s.n)
