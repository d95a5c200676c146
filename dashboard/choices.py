"""Choices that the address keeps, so that a link leads to what its sender saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import words


def one(
    name: str,
    options: Sequence[str],
    key: str,
    default: str | None = None,
    shown: Callable[[str], str] = words.option,
) -> str:
    """One of several; nothing to choose where there is only one."""
    if not options:
        return default or ""
    start = list(options).index(default) if default and default in options else 0
    picked = st.selectbox(
        name, list(options), index=start, key=key, bind="query-params", format_func=shown
    )
    return str(picked or options[start])


def several(name: str, options: Sequence[str], key: str, placeholder: str) -> tuple[str, ...]:
    """Any number of them; none means all."""
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
    """A few that fit beside each other; the first unless another was picked."""
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
