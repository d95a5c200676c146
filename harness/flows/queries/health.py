"""Whether what is promoted is still good: its rates, the team's lines, and the alarm's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.alarm.reasons import reasons_of, state_of
from harness.flows.monitoring.drift import drift_of
from harness.flows.monitoring.review_counts import Counted, count_reviews
from harness.flows.project import Project
from harness.flows.queries.rates import Rate
from harness.records import REVIEWED, Decision, Health, RetrainLine, Watched
from harness.records.holds import EXACT, QUOTING
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Line:
    """What the team declared for a rate: fine up to here, retrain from there."""

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
    """How production treats what is promoted for a task, as `lora-harness monitor` counts it."""

    edit: Rate = field(default_factory=Rate)
    rejection: Rate = field(default_factory=Rate)
    edit_line: Line = field(default_factory=Line)
    rejection_line: Line = field(default_factory=Line)
    state: Health | None = field(default=None, metadata=EXACT)
    why: tuple[str, ...] = field(default=(), metadata=QUOTING)
    alarms: tuple[Alarm, ...] = ()


def task_health(
    project: Project,
    store: Store,
    task: str,
    held: Decision | None,
    decisions: Sequence[Decision],
) -> TaskHealth:
    """The reviews of the promoted bytes and the repeated runs; the inputs are left to `monitor`."""
    lines = project.settings.monitor.get(task, {})
    drawn = [_line(lines.get(name)) for name in REVIEWED]
    if held is None:
        return TaskHealth(edit_line=drawn[0], rejection_line=drawn[1])
    counted = count_reviews(project, store, held, decisions=decisions)
    benchmarks = [one for one in project.benchmarks.values() if one.task == task]
    runs = [drift_of(store, held, one, decisions) for one in benchmarks]
    watched = (*counted.watched, *(one for one, _ in runs))
    known = any(one.line and one.n for one in watched)
    drifts = [drift for _, drift in runs if drift is not None]
    return TaskHealth(
        edit=_rate(counted, "edit_rate"),
        rejection=_rate(counted, "rejection_rate"),
        edit_line=drawn[0],
        rejection_line=drawn[1],
        state=state_of(watched) if known else None,
        why=reasons_of(watched, (), drifts, None),
        alarms=tuple(alarm for one in watched for alarm in _alarms(one)),
    )


def _line(declared: RetrainLine | None) -> Line:
    return Line(declared.acceptable, declared.retrain) if declared else Line()


def _rate(counted: Counted, signal: str) -> Rate:
    found = next(one for one in counted.watched if one.signal == signal)
    synthetic = sum(week.synthetic for week in counted.recent)
    bounds = (found.low, found.high) if found.rate is not None else (None, None)
    return Rate(found.rate, *bounds, found.n, synthetic)


def _alarms(watched: Watched) -> list[Alarm]:
    name = watched.signal.replace("_", " ")
    return [Alarm(one.week, f"{name}: alarm") for one in watched.course.alarms]
