"""Reviews whose finals may become cases: inputs unlike each other, in the slices of the cases.

finals(40, edited=10)              the first 10 were edited, every other one is of logistics
keep(project, finals(40))          the same, in the project's store
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from harness.records import Review
from tests.fakes.project import TASK, TinyProject

INDUSTRIES = ("logistics", "health")
TOPICS = ("rota", "parking", "night shifts", "fuel", "returns", "late calls", "spare parts")


def finals(count: int, *, edited: int = 0, industries: Sequence[str] = INDUSTRIES) -> list[Review]:
    """Return reviews with a final each, the edited ones first, a day after the other."""
    return [
        Review(
            id=f"good-{'edited' if n < edited else 'accepted'}-{n}",
            at=f"2026-{1 + n // 28 % 12:02}-{1 + n % 28:02}T10:00:00Z",
            task=TASK,
            adapter="good",
            digest="",
            input=f"Person{n} at firm{n}: {TOPICS[n % 7]} in place{n}, asked by caller{n}",
            output=f"Dear person{n}" if n < edited else f"Hi Person{n}, who plans it at firm{n}?",
            decision="edited" if n < edited else "accepted",
            final=f"Hi Person{n}, who plans it at firm{n}?",
            reviewer="Kim",
            slices={"industry": industries[n % len(industries)]} if industries else {},
            edit_rate=0.6 if n < edited else 0.0,
        )
        for n in range(count)
    ]


def keep(project: TinyProject, reviews: Iterable[Review]) -> list[Review]:
    """Keep reviews in the project's store, and return them."""
    kept = list(reviews)
    with closing(project.store()) as store:
        store.reviews.keep(kept)
    return kept


def reserve_of(review: Review, identity: str, **more: Any) -> dict[str, Any]:
    """Return a review's final as a line of a reserve."""
    return {"id": identity, "input": review.input, "ideal": review.final, **more}
