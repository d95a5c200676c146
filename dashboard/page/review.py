"""Review: accept, edit or reject the next output; or compare two adapters blindly.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import choices, frame, pieces, who, words
from dashboard.desk import desk, elsewhere, give_back, given, skip, undo
from dashboard.rates import short
from dashboard.review_form import USED, asked, form
from harness.flows.queries import (
    BlindPair,
    Queue,
    blind_pairs,
    blind_results,
    review_queue,
    second_looks_page,
)
from harness.flows.reviews.handing_out import Together
from harness.flows.reviews.waiting import Waiting
from harness.text.figures import count

if TYPE_CHECKING:
    from harness.store.claims import Claim

WAYS = {"queue": "One by one", "blind": "Blind, two adapters", "second": "Second look"}
LOOK_AGAIN = 5
"""Seconds between two looks whether another reviewer's output is free again."""


def body(context: frame.PageContext) -> None:
    """Ask for the reviewer and the way, then show the next output."""
    title = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", key="review-bar"):
        who.reviewer()
        way = choices.switch("How", tuple(WAYS), "way", WAYS.__getitem__)
    if way == "blind":
        _blind(context, title)
    elif way == "second":
        _second(context, title)
    else:
        _queue(context, title)


def _answered(context: frame.PageContext) -> None:
    """Show what became of the last click, and a way back."""
    answer = desk().answer
    if answer is None:
        return
    if answer.refused:
        frame.trouble(answer.line)
        if answer.final:
            frame.text("What you wrote", answer.final, "unsaved")
        desk().answer = None
        return
    with st.container(horizontal=True, vertical_alignment="center", key="review-answer"):
        frame.answer(answer.line)
        if answer.review is not None:
            st.button(
                "Undo",
                key="undo",
                shortcut="U",
                icon=":material/undo:",
                type="tertiary",
                on_click=undo,
                args=(context, answer),
            )


def _all_open_elsewhere(context: frame.PageContext, groups: Sequence[Together]) -> None:
    """Say who has the outputs that are left; look again and again whether one is free."""
    claims = elsewhere(context, groups)
    with st.container(border=True):
        frame.html(_who_has_them(claims))
        mine = [one for one in claims if one.reviewer and one.reviewer == who.name()]
        if mine:
            st.button(
                "Continue here what I have open in another window",
                key="take-over",
                on_click=give_back,
                args=(context, mine[0].holder),
            )

    @st.fragment(run_every=LOOK_AGAIN)
    def look_again() -> None:
        if {one.key for one in elsewhere(context, groups)} != {one.key for one in claims}:
            st.rerun()

    look_again()


def _who_has_them(claims: Sequence[Claim]) -> str:
    names = sorted({one.reviewer for one in claims if one.reviewer})
    by = f": {', '.join(names)}" if names else ""
    # None where the last one was given back between two looks; the page looks again soon.
    until = datetime.fromtimestamp(claims[0].until, UTC) if claims else None
    free = f" Left alone, the first is free again at {until:%H:%M} UTC." if until else ""
    return f"All that is left is open in other windows{by}.{free} This page goes on by itself then."


# --- one by one ---------------------------------------------------------------------------------


def _queue(context: frame.PageContext, title: st.delta_generator.DeltaGenerator) -> None:
    known = review_queue(context.project, context.store, context.task)
    chosen = known.adapter
    if len(known.adapters) > 1:
        chosen = choices.one("Outputs of", known.adapters, "adapter", known.adapter)
    found = known
    if chosen != known.adapter:
        found = review_queue(context.project, context.store, context.task, chosen)
    with title:
        frame.headline(*_headline(found))
    _answered(context)
    if not found.waiting:
        frame.empty(*_nothing(found))
        return
    _next(context, found.waiting)


def _second(context: frame.PageContext, title: st.delta_generator.DeltaGenerator) -> None:
    """Show an output that another person reviewed, without what came of it."""
    waiting = second_looks_page(context.project, context.store, context.task, who.name())
    with title:
        frame.headline(
            f"{count(len(waiting), 'output')} for a second look",
            "Others reviewed them. Two who decide alike make a rate that can be trusted.",
        )
    _answered(context)
    if not who.name():
        frame.empty("Say who you are first: nobody looks at their own reviews again.", "")
    elif not waiting:
        frame.empty("Nothing that another person reviewed waits for a second look.", "")
    else:
        _next(context, waiting)


def _next(context: frame.PageContext, waiting: Sequence[Waiting]) -> None:
    """Show the next output with its form, and what a review of it is used for."""
    groups = [(one,) for one in waiting]
    group = given(context, groups)
    if group is None:
        _all_open_elsewhere(context, groups)
        return
    (one,) = group
    with st.container(border=True):
        asked(one)
        form(context, one, one.where)
        frame.html(pieces.note(USED[one.origin]))
    if len(waiting) > 1:
        st.button(
            "Skip for now",
            key="skip",
            shortcut="S",
            type="tertiary",
            on_click=skip,
            args=(context, one),
        )


def _headline(found: Queue) -> tuple[str, str]:
    waiting = count(found.total, "output") + " to review"
    if not found.waiting:
        waiting = "Nothing to review"
    here = f", {len(desk().done)} by you in this session" if desk().done else ""
    of = f"Outputs of {found.adapter} · " if found.adapter else ""
    return waiting, f"{of}{found.reviewed} reviewed{here}"


def _nothing(found: Queue) -> tuple[str, str]:
    line = found.missing or "every output was reviewed: `lora-harness reviews rates`"
    # the sentence goes on the page, the command in its backquotes into a box to copy
    sentence, _, rest = line.partition("`")
    return words.begun(sentence.rstrip()), rest.partition("`")[0]


# --- blind --------------------------------------------------------------------------------------


def _blind(context: frame.PageContext, title: st.delta_generator.DeltaGenerator) -> None:
    known = review_queue(context.project, context.store, context.task)
    if len(known.adapters) < 2:
        with title:
            frame.headline("Nothing to compare blindly yet")
        frame.empty(
            "It takes two adapters with outputs for the same inputs:", "pytest --model NAME"
        )
        return
    left, right = st.columns(2)
    with left:
        one = choices.one("One", known.adapters, "one", known.adapters[0])
    with right:
        rest = [each for each in known.adapters if each != one]
        other = choices.one("The other", rest, "other", rest[0])
    pairs = blind_pairs(context.project, context.store, context.task, one, other)
    with title:
        frame.headline(
            f"{count(len(pairs), 'pair')} to review blindly",
            "Who wrote which side is not shown; the sides are mixed anew for every input.",
        )
    _answered(context)
    if pairs:
        _pair(context, pairs)
    else:
        frame.empty("Every pair was reviewed.", "")
    if st.toggle("Show how both did"):
        _results(context, one, other)


def _pair(context: frame.PageContext, pairs: Sequence[BlindPair]) -> None:
    # A pair begun in this session comes first: an output is comparable with its other half only.
    done = desk().done
    begun = sorted(pairs, key=lambda pair: done.isdisjoint((pair.left.key, pair.right.key)))
    groups = [pair.unreviewed for pair in begun]
    group = given(context, groups)
    if group is None:
        _all_open_elsewhere(context, groups)
        return
    pair = begun[groups.index(tuple(group))]
    with st.container(border=True):
        frame.before(pair.left, "blind-input")
        frame.text("Input", pair.input, "blind-input")
        for column, side, letter in zip(
            st.columns(2), (pair.left, pair.right), ("A", "B"), strict=True
        ):
            with column:
                frame.text(f"Output {letter}", side.output, f"blind-{side.key}")
                if side in pair.unreviewed:
                    # Not by its place: a file's name may tell whose it is.
                    form(context, side, f"output {letter}", shortcuts=False)
                else:
                    frame.html(pieces.badge("reviewed", "good"))


def _results(context: frame.PageContext, one: str, other: str) -> None:
    found = blind_results(context.project, context.store, context.task, one, other)
    frame.html(
        pieces.table(
            ["adapter", "reviews", "accepted", "edited", "rejected", "edit rate", "rejection rate"],
            [
                [
                    pieces.bold(each.adapter),
                    *(str(n) for n in (each.n, each.accepted, each.edited, each.rejected)),
                    short(each.edit),
                    short(each.rejection),
                ]
                for each in found
            ],
            "<>>>>>>",
        )
    )


frame.show("Review", body)
