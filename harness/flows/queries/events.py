"""What happened to adapters, on the axis of time: decisions, alarms, and the weeks of reviews."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from harness.flows.queries.now import Alarm
from harness.flows.queries.shared import PageRate, edit_rate, rejection_rate
from harness.records import Decision, Tally
from harness.records.holds import EXACT, QUOTING
from harness.store import Store

MarkKind = Literal["promote", "rollback", "pin", "reject", "alarm", "acknowledge"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person decided, or an alarm, on the axis of time."""

    at: str = field(metadata=EXACT)
    kind: MarkKind = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    words: str = field(metadata=QUOTING)
    """By whom and why."""
    override: bool = False
    task: str = field(default="", metadata=EXACT)


@dataclass(frozen=True, slots=True)
class WeekRates:
    """The reviews of one adapter in one ISO week."""

    week: str = field(metadata=EXACT)
    """2026-W47"""
    starts: str = field(metadata=EXACT)
    """Its Monday, 2026-11-16."""
    adapter: str = field(metadata=EXACT)
    n: int
    edit: PageRate
    rejection: PageRate


def marks_of(
    decisions: Collection[Decision], alarms: Collection[Alarm], held: Decision | None
) -> tuple[Event, ...]:
    """The oldest first."""
    found = [
        Event(d.at, d.kind, d.adapter, f"{d.by}: {d.why}", d.override, d.task)
        for d in decisions
        if d.kind != "accept"
    ]
    if held is not None:
        found += [
            Event(_day_of(one.when), "alarm", held.adapter, one.words, task=held.task)
            for one in alarms
        ]
    return tuple(sorted(found, key=lambda mark: mark.at))


def within(marks: Sequence[Event], since: str | None, until: str | None) -> tuple[Event, ...]:
    """Those from the first day to the last."""
    first, last = since or "", until or "9999"
    return tuple(mark for mark in marks if first <= mark.at[:10] <= last)


def weeks_of(
    store: Store, task: str | None, since: str | None, until: str | None
) -> tuple[WeekRates, ...]:
    """Reviews by adapter and week, the oldest first; of a guard there are none."""
    if task is None:
        return ()
    found = [_week(*pair) for pair in store.reviews.weekly_by_adapter(task, since)]
    return tuple(week for week in found if week.starts <= (until or "9999"))


def _week(adapter: str, tally: Tally) -> WeekRates:
    starts = _day_of(tally.key)
    return WeekRates(tally.key, starts, adapter, tally.n, edit_rate(tally), rejection_rate(tally))


def _day_of(when: str) -> str:
    """The Monday of a week; a day is one already."""
    if "-W" not in when:
        return when
    year, number = when.split("-W")
    return date.fromisocalendar(int(year), int(number), 1).isoformat()
