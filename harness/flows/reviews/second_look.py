"""Hand a reviewed output to a second person, who does not see what the first one did.

Such a second look shows how alike people decide. It enters no rate, since its output is counted.

Tested in tests/flows/queries/test_reviewers.py.
"""

from __future__ import annotations

from harness.flows.reviews.waiting import Waiting
from harness.records import SECOND_LOOK, SYNTHETIC
from harness.store import Store
from harness.store.keys import key_of
from harness.store.reviewers import by_others

MAX_LOOKS = 200
"""Newest reviews among which a second look is offered."""


def second_id(review: str) -> str:
    """Return the id of the second look at what a review was about."""
    return f"second-{key_of('second look', of=review)[:32]}"


def second_looks(store: Store, task: str, reviewer: str) -> list[Waiting]:
    """Return outputs that others reviewed and nobody has looked at a second time."""
    found = by_others(store.database, task, reviewer, (SECOND_LOOK, SYNTHETIC), MAX_LOOKS)
    first = {second_id(review.id): review for review in found}
    known = store.reviews.contents(list(first))
    return [
        Waiting(
            key, one.task, one.adapter, one.digest, one.input, one.output, dict(one.slices),
            "second", "second look", one.turns, one.system, one.context,
        )
        for key, one in first.items()
        if key not in known
    ]  # fmt: skip
