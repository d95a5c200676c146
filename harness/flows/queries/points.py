"""Points in time: the mean score of an adapter with its interval, of a run, a day or a month.

Tested in tests/flows/queries/test_over_time.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.flows.queries.shared import interval
from harness.records.holds import EXACT
from harness.store import Store
from harness.store.points import Bin, Period, Window


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


def points_of(store: Store, window: Window, period: Period) -> tuple[Point, ...]:
    """Return the points of a window; those that are a single run carry its id."""
    bins = store.trends.points(window, period)
    ids = store.trends.run_ids([one.run for one in bins if one.runs == 1])
    return tuple(point_of(one, ids.get(one.run) if one.runs == 1 else None) for one in bins)


def point_of(one: Bin, run: str | None = None) -> Point:
    """Return the point of the runs of a period."""
    low, high = interval(one.mean, one.squares, one.n)
    return Point(
        one.at, one.adapter, one.fingerprint, one.mean, low, high, round(one.n), one.runs, run
    )
