"""The form of a review: what was asked and written, the text to send, and the three answers.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import frame, pieces
from dashboard.desk import file
from harness.flows.reviews.waiting import Origin, Waiting
from harness.records import Treatment

COUNTED = "An output of production: your review enters the rates that the alarm listens to."
USED: dict[Origin, str] = {
    "benchmark": "An output of the benchmark: your review compares adapters. It enters no rate, so"
    " the alarm does not hear it.",
    "file": COUNTED,
    "production": COUNTED,
    "second": "Another person has reviewed this; you are not shown how. It enters no rate.",
}
"""What a review is used for, by where its output came from."""


def asked(one: Waiting) -> None:
    """Show what the adapter was given, and its output."""
    slices = " · ".join(f"{key} {value}" for key, value in one.slices.items())
    frame.html(pieces.head(one.where, pieces.quiet(slices)))
    frame.before(one, f"input-{one.key}")
    left, right = st.columns(2)
    with left:
        frame.text("Input", one.input, f"input-{one.key}")
    with right:
        frame.text("Output", one.output, f"output-{one.key}")


def form(context: frame.PageContext, one: Waiting, called: str, shortcuts: bool = True) -> None:
    """Show the form of an output; `called` names it in the answer to a click."""
    with st.form(f"form-{one.key}", border=False, enter_to_submit=False):
        # Given through the state: an undone edit has its text there already.
        st.session_state.setdefault(f"final-{one.key}", one.output)
        st.text_area("What should be sent", key=f"final-{one.key}", height=110)
        st.text_input("Reason (optional)", key=f"reason-{one.key}", max_chars=2000)
        with st.container(horizontal=True):
            _buttons(context, one, called, shortcuts)
    if shortcuts:
        frame.html(pieces.note("Keys: A accepts, E saves your edit, X rejects, S skips, U undoes."))


def _buttons(context: frame.PageContext, one: Waiting, called: str, shortcuts: bool) -> None:
    ways: tuple[tuple[Treatment, str, str, str], ...] = (
        ("accepted", "Accept", "A", ":material/check:"),
        ("edited", "Save my edit", "E", ":material/edit:"),
        ("rejected", "Reject", "X", ":material/close:"),
    )
    for way, label, key, icon in ways:
        st.form_submit_button(
            label,
            key=f"{way}-{one.key}",
            icon=icon,
            type="primary" if way == "accepted" else "secondary",
            shortcut=key if shortcuts else None,
            on_click=file,
            args=(context, one, way, called),
        )
