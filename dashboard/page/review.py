"""Review: accept, edit or reject the next output; or compare two adapters blindly.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import choices, frame, pieces, who
from dashboard.rates import short
from harness.errors import HarnessError
from harness.flows.project import said
from harness.flows.queries import (
    BlindPair,
    Queue,
    blind_pairs,
    blind_results,
    review_queue,
)
from harness.flows.reviews.file_review import file_review
from harness.flows.reviews.waiting import Waiting
from harness.records import Treatment
from harness.text.blanks import is_blank
from harness.text.figures import count

WAYS = {"queue": "One by one", "blind": "Blind, two adapters"}
DONE = "reviewed-here"
"""Session key of the outputs reviewed here, for the count and for half-finished pairs."""


def body(context: frame.PageContext) -> None:
    """Ask for the reviewer and the way, then show the next output."""
    title = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", key="review-bar"):
        name = who.reviewer()
        way = choices.switch("How", tuple(WAYS), "way", WAYS.__getitem__)
    if way == "blind":
        _blind(context, name, title)
    else:
        _queue(context, name, title)


def _done() -> set[str]:
    done: set[str] = st.session_state.setdefault(DONE, set())
    return done


# --- one by one ---------------------------------------------------------------------------------


def _queue(context: frame.PageContext, name: str, title: st.delta_generator.DeltaGenerator) -> None:
    known = review_queue(context.project, context.store, context.task)
    chosen = known.adapter
    if len(known.adapters) > 1:
        chosen = choices.one("Outputs of", known.adapters, "adapter", known.adapter)
    found = known
    if chosen != known.adapter:
        found = review_queue(context.project, context.store, context.task, chosen)
    with title:
        frame.headline(*_headline(found))
    if not found.waiting:
        frame.empty(*_nothing(found))
        return
    place = st.session_state.get("skipped", 0) % len(found.waiting)
    one = found.waiting[place]
    with st.container(border=True):
        _asked(one)
        _form(context, one, name)
    if len(found.waiting) > 1:
        st.button("Skip for now", key="skip", shortcut="S", type="tertiary", on_click=_skip)


def _headline(found: Queue) -> tuple[str, str]:
    waiting = count(found.total, "output") + " to review"
    if not found.waiting:
        waiting = "Nothing to review"
    here = f", {len(_done())} by you in this session" if _done() else ""
    of = f"Outputs of {found.adapter} · " if found.adapter else ""
    return waiting, f"{of}{found.reviewed} reviewed{here}"


def _nothing(found: Queue) -> tuple[str, str]:
    line = found.missing or "every output was reviewed: `lora-harness reviews rates`"
    # the sentence goes on the page, the command in its backquotes into a box to copy
    sentence, _, rest = line.partition("`")
    return f"{sentence[:1].upper()}{sentence[1:].rstrip()}", rest.partition("`")[0]


def _skip() -> None:
    st.session_state["skipped"] = st.session_state.get("skipped", 0) + 1


def _asked(one: Waiting) -> None:
    slices = " · ".join(f"{key} {value}" for key, value in one.slices.items())
    frame.html(pieces.head(one.where, pieces.quiet(slices)))
    frame.before(one, f"input-{one.key}")
    left, right = st.columns(2)
    with left:
        frame.text("Input", one.input, f"input-{one.key}")
    with right:
        frame.text("Output", one.output, f"output-{one.key}")


# --- the form -----------------------------------------------------------------------------------


def _form(context: frame.PageContext, one: Waiting, name: str, shortcuts: bool = True) -> None:
    with st.form(f"form-{one.key}", border=False, enter_to_submit=False):
        final = st.text_area("What should be sent", one.output, key=f"final-{one.key}", height=110)
        reason = st.text_input("Reason (optional)", key=f"reason-{one.key}", max_chars=2000)
        with st.container(horizontal=True):
            pressed = _pressed(one, shortcuts)
    if shortcuts:
        frame.html(pieces.note("Keys: A accepts, E saves your edit, X rejects, S skips."))
    if pressed is not None:
        _file(context, one, name, pressed, final or "", reason or "")


def _pressed(one: Waiting, shortcuts: bool) -> Treatment | None:
    ways: tuple[tuple[Treatment, str, str, str], ...] = (
        ("accepted", "Accept", "A", ":material/check:"),
        ("edited", "Save my edit", "E", ":material/edit:"),
        ("rejected", "Reject", "X", ":material/close:"),
    )
    found: Treatment | None = None
    # no early return: Streamlit draws only the buttons that are asked for
    for way, label, key, icon in ways:
        if st.form_submit_button(
            label,
            key=f"{way}-{one.key}",
            icon=icon,
            type="primary" if way == "accepted" else "secondary",
            shortcut=key if shortcuts else None,
        ):
            found = way
    return found


def _file(
    context: frame.PageContext, one: Waiting, name: str, way: Treatment, final: str, reason: str
) -> None:
    """File the review, unless the button pressed contradicts the text in the form."""
    if problem := _contradiction(one, name, way, final):
        frame.trouble(problem)
        return
    kept = {"accepted": one.output, "edited": final, "rejected": None}[way]
    try:
        file_review(
            context.project,
            context.store,
            one,
            way,
            reviewer=name,
            final=kept,
            reason=reason.strip(),
        )
    except HarnessError as refused:
        frame.trouble(said(refused))
        return
    _done().add(one.key)
    st.rerun()


def _contradiction(one: Waiting, name: str, way: Treatment, final: str) -> str:
    if not name:
        return "Say who you are first: your name stands on the review."
    changed = final.strip() != one.output.strip()
    if way == "accepted" and changed:
        return "You changed the text: save it as your edit, or put it back to accept the output."
    if way == "edited" and not changed:
        return "Nothing is changed yet: write what should be sent, or accept the output."
    if way == "edited" and is_blank(final):
        return "An edit needs a text; an output that should not be sent is rejected."
    return ""


# --- blind --------------------------------------------------------------------------------------


def _blind(context: frame.PageContext, name: str, title: st.delta_generator.DeltaGenerator) -> None:
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
    if pairs:
        _pair(context, pairs, name)
    else:
        frame.empty("Every pair was reviewed.", "")
    if st.toggle("Show how both did"):
        _results(context, one, other)


def _pair(context: frame.PageContext, pairs: Sequence[BlindPair], name: str) -> None:
    # A pair begun in this session comes first: an output is comparable with its other half only.
    halves = [pair for pair in pairs if len({pair.left.key, pair.right.key} & _done()) == 1]
    pair = (halves or list(pairs))[0]
    with st.container(border=True):
        frame.before(pair.left, "blind-input")
        frame.text("Input", pair.input, "blind-input")
        for column, side, letter in zip(
            st.columns(2), (pair.left, pair.right), ("A", "B"), strict=True
        ):
            with column:
                frame.text(f"Output {letter}", side.output, f"blind-{side.key}")
                if side.key in _done():
                    frame.html(pieces.badge("reviewed", "good"))
                else:
                    _form(context, side, name, shortcuts=False)


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
