"""The time axis of the page Over time: decisions and alarms, and the weekly review rates.

Tested in tests/flows/queries/test_over_time.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from harness.flows.monitoring.review_counts import first_day
from harness.flows.queries.alarm_course import EvidenceWeek
from harness.flows.queries.health import Alarm
from harness.flows.queries.marked_days import MarkedDay
from harness.flows.queries.shared import PageRate, edit_rate, rejection_rate
from harness.records import Decision, Tally
from harness.records.holds import EXACT, QUOTING
from harness.records.voice import MarkedKind

EventKind = Literal["promote", "rollback", "pin", "reject", "alarm", "acknowledge"] | MarkedKind


@dataclass(frozen=True, slots=True)
class Event:
    """A person's decision, an alarm, or a marked day."""

    at: str = field(metadata=EXACT)
    kind: EventKind = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    """Empty for a marked day."""
    words: str = field(metadata=QUOTING)
    """By whom and why."""
    override: bool = False
    task: str = field(default="", metadata=EXACT)


@dataclass(frozen=True, slots=True)
class WeekRates:
    """The review rates of an adapter in an ISO week."""

    week: str = field(metadata=EXACT)
    """2026-W47"""
    starts: str = field(metadata=EXACT)
    """Its Monday, 2026-11-16."""
    adapter: str = field(metadata=EXACT)
    n: int
    edit: PageRate
    rejection: PageRate


def events_of(
    decisions: Collection[Decision],
    task: str,
    weighed: Collection[EvidenceWeek],
    alarms: Collection[Alarm],
    days: Collection[MarkedDay],
    held: Decision | None,
    since: str | None,
    until: str | None,
) -> tuple[Event, ...]:
    """Return decisions, alarms and marked days between two days, both included, the oldest first.

    `weighed` are the weeks of all adapters that were in production, `alarms` those of the present
    one, of which the benchmark's own runs are not among the weeks.
    """
    found = [
        Event(d.at, d.kind, d.adapter, f"{d.by}: {d.why}", d.override, d.task)
        for d in decisions
        if d.kind != "accept"
    ]
    found += [
        Event(one.starts, "alarm", one.adapter, f"{_rate(one)}: alarm", task=task)
        for one in weighed
        if one.alarm
    ]
    found += [Event(one.day, one.kind, "", one.text, task=one.task) for one in days]
    if held is not None:
        found += [
            Event(one.when, "alarm", held.adapter, one.words, task=held.task)
            for one in alarms
            if "-W" not in one.when
        ]
    first, last = since or "", until or "9999"
    # Times are ISO 8601 in UTC, so that text order is time order.
    within = (event for event in found if first <= event.at[:10] <= last)
    return tuple(sorted(within, key=lambda event: event.at))


def _rate(week: EvidenceWeek) -> str:
    return week.signal.replace("_", " ")


def weeks_of(
    tallies: Iterable[tuple[str, Tally]], since: str | None, until: str | None
) -> tuple[WeekRates, ...]:
    """Return the review rates by adapter and week between two days, the oldest first."""
    found = [
        WeekRates(
            tally.key,
            first_day(tally.key),
            adapter,
            tally.n,
            edit_rate(tally),
            rejection_rate(tally),
        )
        for adapter, tally in tallies
    ]
    return tuple(week for week in found if (since or "") <= week.starts <= (until or "9999"))
