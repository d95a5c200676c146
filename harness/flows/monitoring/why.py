"""What explains the edits: slices and reviewers by SQL, words from the texts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from harness.alarm.drivers import EditedWords, reviewers_apart, slices_above
from harness.records import ON_BENCHMARK, Decision, Standout, Tally
from harness.store import Store

READ = 20_000
"""Newest reviews whose texts are read for words."""


def standouts(
    store: Store, held: Decision, recent: Sequence[Tally], acceptable: float
) -> tuple[Standout, ...]:
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
