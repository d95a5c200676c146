"""The reviewer: the login's name where the server has a login, else a name typed in.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import frame, pieces, words

MAX_NAME = 200
"""Letters of a name that a review keeps."""


def let_in() -> None:
    """Stop the page at a login button where a login is set up and the visitor is not logged in."""
    # Without a login in the secrets, Streamlit's user has no such attribute at all.
    if getattr(st.user, "is_logged_in", None) is False:
        st.title("lora-harness", anchor=False)
        st.button("Log in", type="primary", on_click=st.login)
        st.stop()


def signed_in() -> str | None:
    """Return the name that the login vouches for, or None where no login is set up."""
    if not getattr(st.user, "is_logged_in", False):
        return None
    return str(st.user.get("email") or st.user.get("name") or st.user.get("sub"))[:MAX_NAME]


def name() -> str:
    """Return the name for a review: the login's, else the one typed so far."""
    typed = str(st.session_state.get("reviewer") or "")
    return signed_in() or typed.strip()[:MAX_NAME]


def reviewer() -> None:
    """Show who is logged in, or ask for a name where there is no login."""
    known = signed_in()
    if known:
        left, right = st.columns([3, 1])
        with left:
            frame.html(pieces.note("signed in as ", words.html(known, MAX_NAME)))
        right.button("Log out", on_click=st.logout, type="tertiary")
        return
    st.text_input(
        "Your name",
        key="reviewer",
        max_chars=MAX_NAME,
        persist_state="session",
        placeholder="stands on every review that you file",
        width=360,
    )
