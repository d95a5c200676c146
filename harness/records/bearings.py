"""Where a project stands and what to do next, for somebody who asks without knowing more."""

from __future__ import annotations

from dataclasses import dataclass

from harness.records.monitoring import Health


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do, in words, with the exact command."""

    words: str
    command: str


@dataclass(frozen=True, slots=True)
class TaskBearings:
    """What holds for one task."""

    task: str
    promoted: str | None
    since: str | None
    """When it was decided; ISO 8601, UTC."""
    override: bool
    """Promoted against the verdict or without one."""
    state: Health | None
    """None where it cannot be said: nothing promoted, no reviews or no line."""


@dataclass(frozen=True, slots=True)
class Bearings:
    """Where a project stands."""

    project: str | None
    """Its folder; None where there is no project here or above."""
    benchmarks: tuple[tuple[str, int], ...] = ()
    """Each with the number of its cases."""
    adapters: tuple[str, ...] = ()
    tasks: tuple[TaskBearings, ...] = ()
    next: tuple[NextStep, ...] = ()
    """The most urgent first."""
