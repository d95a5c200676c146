"""Means over time: runs as points, gathered where there are many, and the slices beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.flows.queries.shared import interval
from harness.records import Benchmark
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.points import Bin, Period, Window

MOST_POINTS = 400
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
    if runs <= MOST_POINTS:
        return runs, "run"
    days = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days + 1
    return runs, "day" if days * len(window.adapters) <= 2 * MOST_POINTS else "month"


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
