"""Weeks of reviews, as a team's editors make them.

weeks = Weeks(adapter="good", digest=digest)
weeks.add(20, edited=4)            # a week of 20 reviews, 4 of them rewritten completely
weeks.keep(store)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from harness.measure.edits import edit_rate
from harness.records import Review
from harness.store import Store
from tests.fakes.project import TASK

FIRST = date(2026, 1, 5)
"""A Monday."""
FINAL = "Hi {name}, how do you plan the week?"
REWRITTEN = "Dear Sir or Madam whom this concerns, greetings"


@dataclass
class Weeks:
    """Reviews of one adapter, one week after the other."""

    adapter: str = "good"
    digest: str = ""
    task: str = TASK
    reviews: list[Review] = field(default_factory=list)
    week: int = 0

    def add(
        self,
        n: int,
        edited: int = 0,
        rejected: int = 0,
        *,
        reviewer: str = "ana",
        slices: Mapping[str, str] | None = None,
        same_week: bool = False,
    ) -> Weeks:
        """Add one more week; the edited reviews come first, then the rejected."""
        self.week -= int(same_week)
        day = FIRST + timedelta(weeks=self.week)
        for place in range(n):
            number = len(self.reviews)
            review = Review(
                id=f"{self.task}-{self.adapter}-{number}",
                at=f"{day.isoformat()}T10:{place % 60:02}:00Z",
                task=self.task,
                adapter=self.adapter,
                digest=self.digest,
                input=f"Write to person{number} of firm{number} about matter{number} and {place}",
                output=FINAL.format(name=f"P{number}"),
                decision="accepted",
                final=FINAL.format(name=f"P{number}"),
                reviewer=reviewer,
                slices=dict(slices or {}),
                edit_rate=0.0,
            )
            if place < edited:
                rate = edit_rate(REWRITTEN, str(review.final))
                review = replace(review, output=REWRITTEN, decision="edited", edit_rate=rate)
            elif place < edited + rejected:
                review = replace(review, decision="rejected", final=None, edit_rate=None)
            self.reviews.append(review)
        self.week += 1
        return self

    def keep(self, store: Store) -> None:
        """Keep new reviews in a store."""
        store.reviews.keep(self.reviews)
