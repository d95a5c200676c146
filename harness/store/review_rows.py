"""A review as the rows of its tables, and its content key.

Tested in tests/store/test_reviews.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from harness.errors import RowUnreadable
from harness.records import Review
from harness.store import schema
from harness.store.codec import decode, encode
from harness.store.keys import key_of
from harness.text.given import beside_input

ReviewRow = dict[str, Any]
_SAID = ("at", "task", "adapter", "input", "output", "decision", "final", "reviewer", "reason")
"""Fields that the content key covers; digest and rates follow from them, source from the file."""
_SHORT = ("id", "at", "task", "adapter", "digest", "reviewer", "source")
"""Fields whose columns are limited in length."""
MAX_SECONDS = 4 * 3600.0
"""A longer time is no time of editing: a window that stayed open, or milliseconds."""
_SLICE = 200
"""Length of a slice's name and of its value at most."""


def row_of(review: Review, content: str | None = None) -> ReviewRow:
    """Return a review's columns, all but its number, and its slices as a mapping."""
    beside = _beside(review, content or content_of(review))
    return {**beside, "body": encode(review)}


def _beside(review: Review, content: str) -> dict[str, Any]:
    """Return what stands beside the body of a review, which has it all."""
    return {
        "id": review.id,
        "content": content,
        "at": review.at,
        "week": week_of(review.at),
        "task": review.task,
        "adapter": review.adapter,
        "digest": review.digest,
        "decision": review.decision,
        "edit_rate": review.edit_rate,
        "character_rate": review.character_rate,
        "reviewer": review.reviewer,
        "source": review.source,
        "seconds": review.seconds,
        "slices": dict(review.slices),
    }


def content_of(review: Review) -> str:
    """Return the content key of a review; two reviews with the same id must have the same."""
    said = {name: getattr(review, name) for name in _SAID}
    # Left out where they are not set: content keys from before there were turns, or times, stay.
    said |= beside_input(review)
    said |= {} if review.seconds is None else {"seconds": review.seconds}
    return key_of("review", slices=dict(review.slices), **said)


def week_of(at: str) -> str:
    """Return the ISO week of a time, as 2026-W47."""
    year, week, _ = datetime.fromisoformat(at).isocalendar()
    return f"{year:04}-W{week:02}"


def could_be(review: Review) -> bool:
    """Return whether a foreign review fits its columns: its time, its rates, its short texts."""
    try:
        week_of(review.at)
    except ValueError:
        return False
    columns = schema.reviews.c
    short = [(getattr(review, name), getattr(columns[name].type, "length", 0)) for name in _SHORT]
    short += [(text, _SLICE) for pair in review.slices.items() for text in pair]
    rates = (review.edit_rate, review.character_rate)
    if review.seconds is not None and not 0 <= review.seconds <= MAX_SECONDS:
        return False
    return all(rate is None or 0 <= rate <= 1 for rate in rates) and all(
        len(text) <= length and "\0" not in text for text, length in short
    )


def is_whole(row: Row[Any], slices: Mapping[str, str]) -> bool:
    """Return whether the columns and slices of a row still agree with its body."""
    try:
        review = decode(row.body, Review)
        recorded = _beside(review, content_of(review))
    except (RowUnreadable, ValueError):
        return False
    beside = dict(row._mapping) | {"slices": dict(slices)}
    return all(beside[name] == value for name, value in recorded.items())
