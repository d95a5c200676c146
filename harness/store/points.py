"""What is asked about many runs at once, and the answers: means, newest runs, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.records import CaseResult, Outcome

Period = Literal["run", "day", "month"]


@dataclass(frozen=True, slots=True)
class Window:
    """Which runs: of one benchmark, with scores on one metric."""

    benchmark: str
    metric: str
    adapters: tuple[str, ...]
    since: str | None = None
    """The first day, 2026-11-20."""
    until: str | None = None
    """The last day; it belongs to the window."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Runs of one adapter on one benchmark version in one period, and of one slice perhaps."""

    at: str
    """Start of the first."""
    adapter: str
    fingerprint: str
    runs: int
    run: int
    """Number of the last."""
    n: float
    """Cases of a run, the mean over the runs; so are the next two."""
    mean: float
    squares: float
    """Sum of squared deviations from the mean."""
    slice: str | None = None


@dataclass(frozen=True, slots=True)
class AdapterRuns:
    """An adapter with complete runs on a benchmark."""

    adapter: str
    runs: int
    last: str
    """Start of the newest."""
    run: int
    """Number of the newest."""


@dataclass(frozen=True, slots=True)
class VersionRuns:
    """A benchmark version with when it was used."""

    fingerprint: str
    first: str
    last: str
    runs: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict in one line."""

    id: str
    run: str
    candidate: str
    digest: str
    outcome: Outcome
    made: str
    reason: str
    """What decided first."""
    n: int
    """Cases behind it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One case in one run."""

    run: str
    adapter: str
    started: str
    fingerprint: str
    result: CaseResult


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """How some runs did on one case."""

    case: str
    runs: int
    mean: float
    worst: float
    best: float
