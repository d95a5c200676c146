"""What counts towards an alarm: reviews and runs of what is promoted, after what a person has seen.

The store's own numbers decide, never clocks. Reviews belong to bytes, so a promotion begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from harness.alarm.alarm import RECENT, WeekCount, watched
from harness.alarm.drivers import EditedWords, reviewers_apart, slices_above
from harness.flows.project import Project
from harness.records import (
    ON_BENCHMARK,
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

READ = 20_000
"""Newest reviews whose texts are read for words."""


def edit_drivers(
    store: Store, held: Decision, recent: Sequence[Tally], acceptable: float
) -> tuple[Driver, ...]:
    """Of the recent weeks; slices first, then reviewers, then words."""
    if not recent:
        return ()
    since, made_by = first_day(recent[0].key), (held.adapter, held.digest)
    after = min(tally.first_seq for tally in recent) - 1
    slices = store.reviews.rates("slice", held.task, since, after_seq=after, made_by=made_by)
    people = store.reviews.rates("reviewer", held.task, since, after_seq=after, made_by=made_by)
    words = EditedWords()
    newest = max(after, max(tally.last_seq for tally in recent) - READ)
    for review in store.reviews.each(held.task, newest, since, made_by=made_by):
        if review.final is not None and review.source != ON_BENCHMARK:
            words.add(review.output, review.final)
    return (
        *slices_above(slices, acceptable),
        *reviewers_apart(people),
        *words.removed(),
        *words.added(),
    )


def first_day(week: str) -> str:
    """The Monday of 2026-W47, as the beginning of every time in it."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1).isoformat()


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """The reviews of one promoted adapter, week by week, and what they come to."""

    watched: tuple[Watched, ...]
    weeks: tuple[Tally, ...]
    """Since the earlier of the two counts began, the oldest first."""
    edits: tuple[Tally, ...]
    """Since the count of edits began."""

    @property
    def recent(self) -> tuple[Tally, ...]:
        """The weeks over which rates are shown."""
        return self.weeks[-RECENT:]

    @property
    def recent_edits(self) -> tuple[Tally, ...]:
        """The weeks in which edits are explained."""
        return self.edits[-RECENT:]


def count_reviews(
    project: Project,
    store: Store,
    held: Decision,
    since: str | None = None,
    decisions: Sequence[Decision] | None = None,
) -> ReviewCounts:
    """Both rates of what is promoted, against the lines of its task.

    `decisions` are those of the task, from whoever has read the ledger already.
    """
    lines: Mapping[str, RetrainLine] = project.settings.monitor.get(held.task, {})
    known = store.decisions.all(held.task) if decisions is None else decisions
    seen = acknowledged(known, held)
    begins = {seen[name] for name in REVIEWED}
    tallies = {after: _weekly(store, held, after, since) for after in begins}
    found = tuple(
        watched(name, _weeks(name, tallies[seen[name]]), lines.get(name), seen[name])
        for name in REVIEWED
    )
    return ReviewCounts(found, tuple(tallies[min(begins)]), tuple(tallies[seen["edit_rate"]]))


def acknowledged(decisions: Sequence[Decision], held: Decision) -> dict[Signal, int]:
    """By signal, the last review (or run) that an acknowledgement of these bytes had seen."""
    found: dict[Signal, int] = dict.fromkeys(SIGNALS, 0)
    for decision in decisions:
        if decision.kind != "acknowledge" or decision.digest != held.digest:
            continue
        signal, _, number = (decision.verdict or "").rpartition("@")
        for name in SIGNALS:
            if name == signal and number.isdecimal():
                found[name] = max(found[name], int(number))
    return found


def _weekly(store: Store, held: Decision, after: int, since: str | None) -> list[Tally]:
    made_by = (held.adapter, held.digest)
    return store.reviews.weekly(held.task, after_seq=after, since=since, made_by=made_by)


def _weeks(signal: Signal, tallies: Sequence[Tally]) -> list[WeekCount]:
    if signal == "edit_rate":
        return [WeekCount(t.key, t.final_n, t.edit_sum) for t in tallies]
    return [WeekCount(t.key, t.n, float(t.rejected)) for t in tallies]
