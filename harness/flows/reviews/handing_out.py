"""Hand out waiting outputs so that two reviewers never have the same one open; undo a review.

Tested in tests/flows/reviews/test_handing_out.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.flows.project import utc_now
from harness.flows.reviews.waiting import Waiting
from harness.records import Review
from harness.store import Store
from harness.store.claims import Claim

Together = Sequence[Waiting]
"""Outputs for one reviewer together: one of the queue, or what is left of a blind pair."""


def hand_out(
    store: Store, groups: Sequence[Together], holder: str, reviewer: str = ""
) -> int | None:
    """Give a browser session the group that it has open, else the first that no other one has.

    The answer is the group's place among `groups`; None where all are reviewed or open elsewhere.
    """
    wanted = [tuple(one.key for one in group) for group in groups]
    taken = store.claims.take(wanted, holder, reviewer)
    return None if taken is None else wanted.index(taken)


def open_elsewhere(store: Store, groups: Sequence[Together], holder: str) -> list[Claim]:
    """Return the claims of other sessions on these outputs, the first to run out first."""
    claims = store.claims.of([one.key for group in groups for one in group])
    return [claim for claim in claims if claim.holder != holder]


def give_back(store: Store, holder: str) -> None:
    """Let other sessions have what this one has open."""
    store.claims.free(holder)


def take_back(store: Store, review: Review) -> None:
    """Undo a review: its output waits again, and its number goes to no other review."""
    store.reviews.take_back(review, utc_now())
