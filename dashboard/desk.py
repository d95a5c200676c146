"""A reviewer's desk: the outputs that this browser session has open, and what its clicks do.

Clicks are Streamlit callbacks: they run before the page is drawn anew, and the next click does not
interrupt them, so that no review is filed without its answer.

Tested in tests/dashboard/test_desk.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import streamlit as st

from dashboard import frame, who, words
from harness.flows.reviews import handing_out
from harness.flows.reviews.file_review import file_review
from harness.flows.reviews.handing_out import Together
from harness.flows.reviews.waiting import Waiting
from harness.records import Review, Treatment
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.text.blanks import is_blank

if TYPE_CHECKING:
    from harness.store.claims import Claim

MAX_MEASURED = 600.0
"""Seconds after which a window gives its output back; a longer time is no time of reviewing."""
DID: dict[Treatment, str] = {"accepted": "Accepted", "edited": "Edited", "rejected": "Rejected"}


@dataclass(frozen=True)
class Answer:
    """What became of the last click."""

    line: str = field(metadata=QUOTING)
    refused: bool = False
    review: Review | None = None
    """The review that was filed and can be undone."""
    final: str = field(default="", metadata=TEXT)
    """The text that stood in the form."""
    reason: str = field(default="", metadata=TEXT)


@dataclass
class Desk:
    """What a browser session remembers of its reviews."""

    holder: str = field(default_factory=lambda: uuid4().hex, metadata=EXACT)
    """The name under which it claims outputs."""
    done: set[str] = field(default_factory=set, metadata=EXACT)
    """Keys of the outputs that were reviewed here, for the count and for half-finished pairs."""
    skipped: list[str] = field(default_factory=list, metadata=EXACT)
    """Keys of the outputs that were put off, the longest ago first."""
    shown: dict[str, float] = field(default_factory=dict)
    """Since when the open output stands on the page, by its key and this machine's clock."""
    undone: str = field(default="", metadata=EXACT)
    """Key of the output whose review was undone last: it is shown first."""
    answer: Answer | None = None


def desk() -> Desk:
    """Return the session's desk."""
    found: Desk = st.session_state.setdefault("desk", Desk())
    return found


def given(context: frame.PageContext, groups: Sequence[Together]) -> Together | None:
    """Return the outputs to review now; None where other sessions have all that are left open."""
    ordered = sorted(groups, key=_place)
    place = handing_out.hand_out(context.store, ordered, desk().holder, who.name())
    if place is None:
        return None
    keys = [one.key for one in ordered[place]]
    # Two outputs at once are not timed: nobody can say which of them a minute went into.
    began = desk().shown.get(keys[0], time.monotonic())
    desk().shown = {keys[0]: began} if len(keys) == 1 else {}
    return ordered[place]


def _seconds(key: str) -> float | None:
    """Return the seconds that an output was open; None where no reading takes that long."""
    began = desk().shown.get(key)
    took = None if began is None else time.monotonic() - began
    return took if took is not None and took <= MAX_MEASURED else None


def elsewhere(context: frame.PageContext, groups: Sequence[Together]) -> list[Claim]:
    """Return which of these outputs other sessions have open."""
    return handing_out.open_elsewhere(context.store, groups, desk().holder)


def _place(group: Together) -> int:
    """Return the waiting outputs in order: undone ones first, skipped ones last."""
    keys = {one.key for one in group}
    if desk().undone in keys:
        return -1
    return max((n for n, key in enumerate(desk().skipped, 1) if key in keys), default=0)


def skip(context: frame.PageContext, one: Waiting) -> None:
    """Put an output off until all others were shown."""
    mine = desk()
    mine.skipped = [*(key for key in mine.skipped if key != one.key), one.key]
    mine.undone, mine.answer = "", Answer("Skipped: it comes again after the others.")
    give_back(context, mine.holder)


def give_back(context: frame.PageContext, holder: str) -> None:
    """Give back what a session has open, this one or another window of the same person."""
    with _answering():
        handing_out.give_back(context.store, holder)


def file(context: frame.PageContext, one: Waiting, way: Treatment, called: str) -> None:
    """File the review that stands in the form, unless its text contradicts the button."""
    mine = desk()
    if one.key in mine.done:
        return  # the second half of a double click; the first has the answer
    final = str(st.session_state.get(f"final-{one.key}", one.output))
    reason = str(st.session_state.get(f"reason-{one.key}", ""))
    if problem := _contradiction(one, way, final):
        mine.answer = Answer(problem, refused=True)
        return
    kept = {"accepted": one.output, "edited": final, "rejected": None}[way]
    with _answering(final if way == "edited" else ""):
        review = file_review(
            context.project,
            context.store,
            one,
            way,
            reviewer=who.name(),
            final=kept,
            reason=reason.strip(),
            seconds=_seconds(one.key),
        )
        mine.done.add(one.key)
        mine.undone = ""
        mine.answer = Answer(f"{DID[way]}: {called}.", False, review, final, reason)


def undo(context: frame.PageContext, answer: Answer) -> None:
    """Undo the last review and show its output again, with what stood in its form."""
    mine, review = desk(), answer.review
    if review is None or mine.answer is not answer:
        return  # the second half of a double click
    with _answering():
        handing_out.take_back(context.store, review)
        mine.done.discard(review.id)
        mine.undone = review.id
        mine.answer = Answer("Undone: it waits for a review again.")
        st.session_state[f"final-{review.id}"] = answer.final
        st.session_state[f"reason-{review.id}"] = answer.reason
        handing_out.give_back(context.store, mine.holder)


@contextmanager
def _answering(written: str = "") -> Iterator[None]:
    """Answer a click that fails with the reason, and with the text that would be lost."""
    try:
        yield
    except Exception as problem:  # a bug must not show a traceback to a visitor
        line = frame.failure("Review", problem)
        desk().answer = Answer(words.begun(line), refused=True, final=written)


def _contradiction(one: Waiting, way: Treatment, final: str) -> str:
    if not who.name():
        return "Say who you are first: your name stands on the review."
    changed = final.strip() != one.output.strip()
    if way == "accepted" and changed:
        return "You changed the text: save it as your edit, or put it back to accept the output."
    if way == "edited" and not changed:
        return "Nothing is changed yet: write what should be sent, or accept the output."
    if way == "edited" and is_blank(final):
        return "An edit needs a text; an output that should not be sent is rejected."
    return ""
