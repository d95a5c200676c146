"""Who is at the keyboard: signed in where the server asks for it, else by the name they give."""

from __future__ import annotations

import streamlit as st

from dashboard import frame, pieces, words

MAX_NAME = 200
"""Letters of a name that a review keeps."""


def let_in() -> None:
    """Where a login is set up, nobody sees a page before it."""
    if getattr(st.user, "is_logged_in", None) is False:
        st.title("lora-harness", anchor=False)
        st.button("Log in", type="primary", on_click=st.login)
        st.stop()


def signed_in() -> str | None:
    """The name that the login vouches for; None where no login is set up."""
    if not getattr(st.user, "is_logged_in", False):
        return None
    return str(st.user.get("email") or st.user.get("name") or st.user.get("sub"))[:MAX_NAME]


def reviewer() -> str:
    """The name that stands on a review; empty until it is known."""
    known = signed_in()
    if known:
        left, right = st.columns([3, 1])
        with left:
            frame.html(pieces.note("signed in as ", words.html(known, MAX_NAME)))
        right.button("Log out", on_click=st.logout, type="tertiary")
        return known
    given = st.text_input(
        "Your name",
        key="reviewer",
        max_chars=MAX_NAME,
        persist_state="session",
        placeholder="stands on every review that you file",
        width=360,
    )
    return (given or "").strip()
