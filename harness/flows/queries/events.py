"""The time axis of the page Over time: decisions and alarms, and the weekly review rates.

Tested in tests/flows/queries/test_over_time.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from harness.flows.monitoring.review_counts import first_day
from harness.flows.queries.now import Alarm
from harness.flows.queries.shared import PageRate, edit_rate, rejection_rate
from harness.records import Decision
from harness.records.holds import EXACT, QUOTING
from harness.store import Store

EventKind = Literal["promote", "rollback", "pin", "reject", "alarm", "acknowledge"]


@dataclass(frozen=True, slots=True)
class Event:
    """A person's decision, or an alarm."""

    at: str = field(metadata=EXACT)
    kind: EventKind = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
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
    alarms: Collection[Alarm],
    held: Decision | None,
    since: str | None,
    until: str | None,
) -> tuple[Event, ...]:
    """Return decisions and alarms between two days, both included, the oldest first."""
    found = [
        Event(d.at, d.kind, d.adapter, f"{d.by}: {d.why}", d.override, d.task)
        for d in decisions
        if d.kind != "accept"
    ]
    if held is not None:
        found += [
            Event(
                first_day(one.when) if "-W" in one.when else one.when,
                "alarm",
                held.adapter,
                one.words,
                task=held.task,
            )
            for one in alarms
        ]
    first, last = since or "", until or "9999"
    # Times are ISO 8601 in UTC, so that text order is time order.
    within = (event for event in found if first <= event.at[:10] <= last)
    return tuple(sorted(within, key=lambda event: event.at))


def weeks_of(
    store: Store, task: str | None, since: str | None, until: str | None
) -> tuple[WeekRates, ...]:
    """Return the review rates by adapter and week, the oldest first; a guard has no reviews."""
    if task is None:
        return ()
    found = [
        WeekRates(
            tally.key,
            first_day(tally.key),
            adapter,
            tally.n,
            edit_rate(tally),
            rejection_rate(tally),
        )
        for adapter, tally in store.reviews.weekly_by_adapter(task, since)
    ]
    return tuple(week for week in found if week.starts <= (until or "9999"))
