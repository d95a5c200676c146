"""Questions about many runs at once and their answers, which `trends.py` looks up.

Tested in tests/flows/queries/test_over_time.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.records import CaseResult, Outcome

Period = Literal["run", "day", "month"]


@dataclass(frozen=True, slots=True)
class Window:
    """A choice of runs: of some adapters on a benchmark, with scores on a metric."""

    benchmark: str
    """Name of the benchmark."""
    metric: str
    """Name of the metric."""
    adapters: tuple[str, ...]
    """Names of the adapters."""
    since: str | None = None
    """The first day, such as 2026-11-20."""
    until: str | None = None
    """The last day, included."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The runs of an adapter on a benchmark version in a period, over all cases or over a slice."""

    at: str
    """Start of the first run."""
    adapter: str
    """Name of the adapter."""
    fingerprint: str
    """Fingerprint of the benchmark version."""
    runs: int
    """Number of runs."""
    run: int
    """Number of the last run."""
    n: float
    """Cases of a run; as the next two, a mean over the runs."""
    mean: float
    """Mean score of a run."""
    squares: float
    """Sum of squared deviations from a run's mean."""
    slice: str | None = None
    """The slice, as key=value; None for all cases."""


@dataclass(frozen=True, slots=True)
class AdapterRuns:
    """An adapter with complete runs on a benchmark."""

    adapter: str
    """Name of the adapter."""
    runs: int
    """Number of its runs."""
    last: str
    """Start of the newest run."""
    run: int
    """Number of the newest run."""


@dataclass(frozen=True, slots=True)
class VersionRuns:
    """A benchmark version with the time of its use."""

    fingerprint: str
    """Fingerprint of the version."""
    first: str
    """Start of the first run."""
    last: str
    """Start of the newest run."""
    runs: int
    """Number of runs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A short form of a verdict, for lists."""

    id: str
    """Id of the verdict."""
    run: str
    """Id of the judged run."""
    candidate: str
    """Name of the judged adapter."""
    digest: str
    """Digest of its bytes."""
    outcome: Outcome
    """The decision."""
    made: str
    """When it was given; ISO 8601, UTC."""
    reason: str
    """The first reason."""
    n: int
    """Number of paired cases."""
    gain: float | None = None
    """Mean difference to its reference on the first gate."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The result of a case in a run."""

    run: str
    """Id of the run."""
    adapter: str
    """Name of the adapter."""
    started: str
    """Start of the run."""
    fingerprint: str
    """Fingerprint of the benchmark version."""
    result: CaseResult
    """Outputs and scores."""


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """The scores of some runs on a case."""

    case: str
    """Id of the case."""
    runs: int
    """Number of runs with a score."""
    mean: float
    """Their mean score."""
    worst: float
    """The lowest score."""
    best: float
    """The highest score."""
