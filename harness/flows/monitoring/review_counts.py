"""Count the reviews of the promoted bytes that no acknowledgement has seen yet, week by week.

Reviews are ordered by their number in the store, never by clocks. They belong to the
adapter's bytes, so that a promotion of other bytes starts the count anew.

Tested in tests/flows/monitoring/test_monitor.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from harness.alarm.alarm import RECENT, watched
from harness.alarm.drivers import EditedWords, reviewers_apart, slices_above
from harness.alarm.week_count import WeekCount
from harness.flows.project import Project
from harness.records import (
    NOT_COUNTED,
    REVIEWED,
    SIGNALS,
    Decision,
    Driver,
    RetrainLine,
    Signal,
    Tally,
    Watched,
)
from harness.store import Store

MAX_READ = 20_000
"""Newest reviews whose texts are compared word by word."""


def edit_drivers(
    store: Store, held: Decision, recent: Sequence[Tally], acceptable: float
) -> tuple[Driver, ...]:
    """Return the drivers of edits in the recent weeks: slices first, then reviewers, then words."""
    if not recent:
        return ()
    since, made_by = first_day(recent[0].key), (held.adapter, held.digest)
    after = min(tally.first_seq for tally in recent) - 1
    slices = store.reviews.rates("slice", held.task, since, after_seq=after, made_by=made_by)
    people = store.reviews.rates("reviewer", held.task, since, after_seq=after, made_by=made_by)
    words = EditedWords()
    newest = max(after, max(tally.last_seq for tally in recent) - MAX_READ)
    for review in store.reviews.each(held.task, newest, since, made_by=made_by):
        # Reviews of benchmark outputs say nothing about production.
        if review.final is not None and review.source not in NOT_COUNTED:
            words.add(review.output, review.final)
    return (
        *slices_above(slices, acceptable),
        *reviewers_apart(people),
        *words.removed(),
        *words.added(),
    )


def first_day(week: str) -> str:
    """Return the Monday of a week such as 2026-W47; every time of that week sorts after it."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1).isoformat()


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """The reviews of a promoted adapter by week, and the signals made of them."""

    watched: tuple[Watched, ...]
    weeks: tuple[Tally, ...]
    """Since the earlier of the two counts began, the oldest week first."""
    edits: tuple[Tally, ...]
    """Since the count of edits began."""

    @property
    def recent(self) -> tuple[Tally, ...]:
        """The newest weeks, over which rates are shown."""
        return self.weeks[-RECENT:]

    @property
    def recent_edits(self) -> tuple[Tally, ...]:
        """The newest weeks of the count of edits, in which edits are explained."""
        return self.edits[-RECENT:]


def count_reviews(
    project: Project,
    store: Store,
    held: Decision,
    since: str | None = None,
    decisions: Sequence[Decision] | None = None,
) -> ReviewCounts:
    """Judge the edit and rejection rates of the promoted adapter by the lines of its task.

    `decisions` saves a read of the ledger: the decisions of the task, where they are at hand.
    """
    lines: Mapping[str, RetrainLine] = project.settings.monitor.get(held.task, {})
    known = store.decisions.all(held.task) if decisions is None else decisions
    seen = acknowledged(known, held)
    # The two counts begin together unless only one of the alarms was acknowledged.
    begins = {seen[name] for name in REVIEWED}
    made_by = (held.adapter, held.digest)
    tallies = {
        after: store.reviews.weekly(held.task, after_seq=after, since=since, made_by=made_by)
        for after in begins
    }
    # They are no evidence about this adapter, but tell how much weeks scatter.
    uncounted = {
        after: store.reviews.weekly_uncounted(held.task, made_by, after, since) for after in begins
    }
    found = tuple(
        watched(
            name,
            week_counts(name, tallies[seen[name]]),
            lines.get(name),
            seen[name],
            [week_counts(name, weeks) for weeks in uncounted[seen[name]]],
        )
        for name in REVIEWED
    )
    return ReviewCounts(found, tuple(tallies[min(begins)]), tuple(tallies[seen["edit_rate"]]))


def acknowledged(decisions: Sequence[Decision], held: Decision) -> dict[Signal, int]:
    """Return by signal the number of the last review (or run) that was acknowledged."""
    found: dict[Signal, int] = dict.fromkeys(SIGNALS, 0)
    for decision in decisions:
        if decision.kind != "acknowledge" or decision.digest != held.digest:
            continue
        # An acknowledgement stores signal and number in place of a verdict: edit_rate@1234.
        signal, _, number = (decision.verdict or "").rpartition("@")
        for name in SIGNALS:
            if name == signal and number.isdecimal():
                found[name] = max(found[name], int(number))
    return found


def week_counts(signal: Signal, tallies: Sequence[Tally]) -> list[WeekCount]:
    """Return the weekly counts of a rate; edits are counted over reviews with a final text."""
    if signal == "edit_rate":
        return [WeekCount(t.key, t.final_n, t.edit_sum) for t in tallies]
    return [WeekCount(t.key, t.n, float(t.rejected)) for t in tallies]
