"""Widgets whose choice is kept in the address, so that a link shows its reader the same page.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import streamlit as st

from dashboard import words


def one(
    name: str,
    options: Sequence[str],
    key: str,
    default: str | None = None,
    shown: Callable[[str], str] = words.option,
) -> str:
    """Let the reader choose an option; with a single option there is no choice to make."""
    if not options:
        return default or ""
    start = list(options).index(default) if default and default in options else 0
    picked = st.selectbox(
        name, list(options), index=start, key=key, bind="query-params", format_func=shown
    )
    return str(picked or options[start])


def several(name: str, options: Sequence[str], key: str, placeholder: str) -> tuple[str, ...]:
    """Let the reader choose any number of options; none means all."""
    picked = st.multiselect(
        name,
        list(options),
        key=key,
        bind="query-params",
        format_func=words.option,
        placeholder=placeholder,
    )
    return tuple(str(each) for each in picked)


def switch(name: str, options: Sequence[str], key: str, shown: Callable[[str], str]) -> str:
    """Let the reader choose among a few options shown side by side; the first is the default."""
    picked = st.segmented_control(
        name,
        list(options),
        default=options[0],
        key=key,
        bind="query-params",
        format_func=shown,
        label_visibility="collapsed",
        required=True,
    )
    return str(picked or options[0])


def day(name: str, key: str) -> str | None:
    """Let the reader choose a day such as 2026-11-20; None until one is chosen."""
    picked = st.date_input(name, value=None, key=key, bind="query-params", format="YYYY-MM-DD")
    return picked.isoformat() if isinstance(picked, date) else None


def text(name: str, key: str, placeholder: str) -> str:
    """Let the reader type a few words; none means all."""
    return st.text_input(name, key=key, bind="query-params", placeholder=placeholder).strip()
