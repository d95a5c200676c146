"""Count the finals that are set aside for judging, and say when there will be enough.

A verdict rests on them from `finals_promote` of its policy on.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

from harness.findings.reviewed import input_key, same_as_case
from harness.findings.set_aside import is_set_aside
from harness.flows.evaluation.finals import was_sent
from harness.records import Benchmark, Review, SetAside
from harness.store import Store

LOOKED_AT = 5_000
"""The newest reviews that are read; a monitor has to be quick on any store."""
WEEKS = 8
"""Weeks over which the pace is taken."""


def finals_set_aside(
    store: Store, benchmark: Benchmark, today: str, since: str | None = None
) -> SetAside | None:
    """Return how many finals are set aside for a benchmark; None where none are weighed.

    `since` is the day of the last repositioning: what was sent before it is no final any more.
    """
    policy = benchmark.policy
    if not policy.finals or not policy.set_aside:
        return None
    first: dict[bytes, Review] = {}
    newest = max(0, store.reviews.last_seq() - LOOKED_AT)
    for review in store.reviews.each(task=benchmark.task, since_seq=newest, since=since):
        if was_sent(review) and is_set_aside(review.input, policy.set_aside):
            first.setdefault(input_key(review), review)
    reviews = list(first.values())
    cases = same_as_case(benchmark, reviews)
    days = [review.at[:10] for place, review in enumerate(reviews) if place not in cases]
    return _soon(days, policy.finals_promote, today)


def _soon(days: list[str], needed: int, today: str) -> SetAside:
    """Return the count and, where it is not enough, the day on which it will be at this pace."""
    now = date.fromisoformat(today)
    start = now - timedelta(weeks=WEEKS)
    recent = [day for day in days if start.isoformat() < day <= today]
    missing = needed - len(days)
    if missing <= 0 or not recent:
        return SetAside(len(days), needed, 0.0 if missing > 0 else None, None)
    # a store that is younger than that has had less time
    weeks = max(1.0, (now - max(start, date.fromisoformat(min(days)))).days / 7)
    pace = len(recent) / weeks
    when = now + timedelta(days=math.ceil(7 * missing / pace))
    return SetAside(len(days), needed, pace, when.isoformat())
