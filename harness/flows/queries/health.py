"""The rates and alarms of a task in production, as `lora-harness monitor` counts them.

Tested in tests/flows/queries/test_now.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.alarm.reasons import reasons_of, state_of
from harness.flows.monitoring.drift import drift_of
from harness.flows.monitoring.review_counts import ReviewCounts, count_reviews
from harness.flows.project import Project
from harness.flows.queries.shared import PageRate
from harness.records import (
    REVIEWED,
    AlarmState,
    Decision,
)
from harness.records.holds import EXACT, QUOTING
from harness.store import Store


@dataclass(frozen=True, slots=True)
class RateLine:
    """The declared limits of a rate: acceptable up to the first, retrain from the second."""

    acceptable: float | None = None
    retrain: float | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A week, or a run of the benchmark, that raised the alarm."""

    when: str = field(metadata=EXACT)
    """2026-W47, or the day of the run."""
    words: str = field(metadata=QUOTING)


@dataclass(frozen=True, slots=True)
class TaskHealth:
    """The promoted adapter's rates and alarms, as `lora-harness monitor` counts them."""

    edit: PageRate = field(default_factory=PageRate)
    rejection: PageRate = field(default_factory=PageRate)
    edit_line: RateLine = field(default_factory=RateLine)
    rejection_line: RateLine = field(default_factory=RateLine)
    state: AlarmState | None = field(default=None, metadata=EXACT)
    why: tuple[str, ...] = field(default=(), metadata=QUOTING)
    alarms: tuple[Alarm, ...] = ()


def task_health(
    project: Project,
    store: Store,
    task: str,
    held: Decision | None,
    decisions: Sequence[Decision],
) -> TaskHealth:
    """Return rates and alarms from the promoted bytes' reviews and repeated runs.

    The shift of the inputs is left to `lora-harness monitor`, which may have to load the embedder.
    """
    lines = tuple(sorted(project.settings.monitor.get(task, {}).items()))
    judged = tuple(
        (one.name, one.fingerprint, one.metrics, one.policy)
        for one in project.benchmarks.values()
        if one.task == task
    )
    # All that it rests on besides the store: alarms of finished weeks are not weighed anew.
    key = ("task health", task, held, tuple(decisions), lines, judged)
    return store.database.memory.of(key, lambda: _counted(project, store, task, held, decisions))


def _counted(
    project: Project,
    store: Store,
    task: str,
    held: Decision | None,
    decisions: Sequence[Decision],
) -> TaskHealth:
    declared = project.settings.monitor.get(task, {})
    found = [declared.get(name) for name in REVIEWED]
    edit_line, rejection_line = (
        RateLine(line.acceptable, line.retrain) if line else RateLine() for line in found
    )
    if held is None:
        return TaskHealth(edit_line=edit_line, rejection_line=rejection_line)
    counted = count_reviews(project, store, held, decisions=decisions)
    benchmarks = [one for one in project.benchmarks.values() if one.task == task]
    runs = [drift_of(store, held, one, decisions) for one in benchmarks]
    watched = (*counted.watched, *(one for one, _ in runs))
    # Without a declared line or without evidence the state is unknown, not steady.
    known = any(one.line and one.n for one in watched)
    return TaskHealth(
        edit=_rate(counted, "edit_rate"),
        rejection=_rate(counted, "rejection_rate"),
        edit_line=edit_line,
        rejection_line=rejection_line,
        state=state_of(watched) if known else None,
        why=reasons_of(watched, (), [drift for _, drift in runs if drift is not None], None),
        alarms=tuple(
            Alarm(week.week, f"{one.signal.replace('_', ' ')}: alarm")
            for one in watched
            for week in one.course.alarms
        ),
    )


def _rate(counted: ReviewCounts, signal: str) -> PageRate:
    """Return a rate of the recent weeks as the page shows it."""
    found = next(one for one in counted.watched if one.signal == signal)
    synthetic = sum(week.synthetic for week in counted.recent)
    bounds = (found.low, found.high) if found.rate is not None else (None, None)
    return PageRate(found.rate, *bounds, found.n, synthetic)
