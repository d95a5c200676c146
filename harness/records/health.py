"""How a benchmark and each of its cases have served so far, over the runs that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case over the newest complete run of every adapter on this benchmark version."""

    case: str = field(metadata=EXACT)
    adapters: int
    """How many of them wrote for it."""
    right: int
    """How many of those got it right: edit similarity at least 0.9, or clean."""
    best: float | None
    """The highest edit similarity among them; None where there is none."""
    ranges: Mapping[str, float] = field(default_factory=dict)
    """By metric, the highest score minus the lowest."""
    base_right: bool | None = None
    """Whether even the plain base gets it right; None where the base was not run."""


@dataclass(frozen=True, slots=True)
class CasesNeeded:
    """How many cases a margin takes, by the spread that was seen."""

    metric: str = field(metadata=EXACT)
    margin: float
    needed: int
    spread: float
    """Standard deviation of the paired differences; the median over the pairs."""
    pairs: tuple[tuple[str, str], ...] = field(metadata=EXACT)
    """The adapters that were compared for it."""


@dataclass(frozen=True, slots=True)
class BenchmarkHealth:
    """What a check of a benchmark says beside its findings."""

    name: str = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    """None for a guard."""
    cases: int
    fingerprint: str | None = field(metadata=EXACT)
    """None where lines are refused, so that there is no benchmark yet."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Those with a complete run on this version."""
    judged: int = 0
    """Candidates that this version has judged."""
    luck: float | None = None
    """The risk that one of them, worse by exactly the margin, passed by luck."""
    needed: tuple[CasesNeeded, ...] = ()
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """What could not be looked at, and why."""
