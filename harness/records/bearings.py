"""Where a project stands and what to do next, for somebody who asks without knowing more."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING
from harness.records.monitoring import Health


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do, in words, with the exact command."""

    words: str = field(metadata=QUOTING)
    command: str = field(metadata=EXACT)


@dataclass(frozen=True, slots=True)
class TaskBearings:
    """What holds for one task."""

    task: str = field(metadata=EXACT)
    promoted: str | None = field(metadata=EXACT)
    since: str | None = field(metadata=EXACT)
    """When it was decided; ISO 8601, UTC."""
    override: bool
    """Promoted against the verdict or without one."""
    state: Health | None = field(metadata=EXACT)
    """None where it cannot be said: nothing promoted, no reviews or no line."""


@dataclass(frozen=True, slots=True)
class Bearings:
    """Where a project stands."""

    project: str | None = field(metadata=EXACT)
    """Its folder; None where there is no project here or above."""
    benchmarks: tuple[tuple[str, int], ...] = field(default=(), metadata=EXACT)
    """Each with the number of its cases."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    tasks: tuple[TaskBearings, ...] = ()
    next: tuple[NextStep, ...] = ()
    """The most urgent first."""
