"""Widgets whose choice is kept in the address, so that a link shows its reader the same page.

The address is what holds: a widget takes its value from there on every run, and a choice writes it
there, as a step of the browser's history that Back takes back. Streamlit's own binding of widgets
replaces the step instead, so that Back would leave the page.

Tested in tests/dashboard/test_choices.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import date

import streamlit as st

from dashboard import words

REMARK: ContextVar[Callable[[str], None]] = ContextVar("REMARK")
"""Writes a line at the top of the page: what its link asks for and the project has not."""
MAX_NAMED = 5
"""Names that are listed where a link asks for one that is not there."""


def one(
    name: str,
    options: Sequence[str],
    key: str,
    default: str | None = None,
    shown: Callable[[str], str] = words.option,
    labelled: bool = True,
) -> str:
    """Let the reader choose an option; screen readers are told the name of one not labelled."""
    if not options:
        return default or ""
    usual = default if default and default in options else options[0]
    picked = _known(name, _asked(key), options, shown)
    st.session_state[key] = picked[0] if picked else usual
    st.selectbox(
        *(name, list(options)),
        key=key,
        format_func=shown,
        label_visibility="visible" if labelled else "collapsed",
        on_change=_keep_one,
        args=(key, usual),
    )
    return str(st.session_state[key])


def several(name: str, options: Sequence[str], key: str, placeholder: str) -> tuple[str, ...]:
    """Let the reader choose any number of options; none means all."""
    st.session_state[key] = _known(name, _asked(key), options, words.option)
    st.multiselect(
        *(name, list(options)),
        key=key,
        format_func=words.option,
        placeholder=placeholder,
        on_change=_keep_several,
        args=(key,),
    )
    return tuple(str(each) for each in st.session_state[key])


def switch(name: str, options: Sequence[str], key: str, shown: Callable[[str], str]) -> str:
    """Let the reader choose among a few options shown side by side; the first is the default."""
    picked = _known(name, _asked(key), options, shown)
    st.session_state[key] = picked[0] if picked else options[0]
    st.segmented_control(
        *(name, list(options)),
        key=key,
        format_func=shown,
        label_visibility="collapsed",
        required=True,
        on_change=_keep_one,
        args=(key, options[0]),
    )
    return str(st.session_state[key] or options[0])


def toggle(name: str, key: str) -> bool:
    """Let the reader turn something on."""
    st.session_state[key] = _asked(key) == ["true"]
    return st.toggle(name, key=key, on_change=_keep_one, args=(key, False))


def place(key: str, places: int) -> int:
    """Let the reader turn the pages of a long list; the first is page 1."""
    asked = next(iter(_asked(key)), "1")
    st.session_state[key] = min(int(asked), places) if asked.isdecimal() and int(asked) else 1
    return st.pagination(places, key=key, on_change=_keep_one, args=(key, 1))


def text(name: str, key: str, placeholder: str) -> str:
    """Let the reader type a few words; none means all."""
    st.session_state[key] = next(iter(_asked(key)), "")
    found = st.text_input(
        name, key=key, placeholder=placeholder, on_change=_keep_one, args=(key, "")
    )
    return found.strip()


def day(name: str, key: str) -> str | None:
    """Let the reader choose a day such as 2026-11-20; None until one is chosen."""
    asked = next(iter(_asked(key)), "")
    try:
        st.session_state[key] = date.fromisoformat(asked) if asked else None
    except ValueError:
        st.session_state[key] = None
        REMARK.get()(f"The link asks for {name} {asked[:40]}, which is no day such as 2026-11-20.")
    found = st.date_input(name, key=key, format="YYYY-MM-DD", on_change=_keep_one, args=(key, None))
    return found.isoformat() if isinstance(found, date) else None


def choose(key: str, value: str) -> None:
    """Make a choice for the reader, who clicked it elsewhere, before its widget is drawn."""
    st.query_params[key] = value


def _asked(key: str) -> list[str]:
    """Return what the address says; nothing where it does not name the choice."""
    return st.query_params.get_all(key)


def _known(
    name: str, asked: Sequence[str], options: Sequence[str], shown: Callable[[str], str]
) -> list[str]:
    """Return the options that a link names; write a remark about the first unknown name."""
    # Links of version 1.0 name options as the page shows them.
    titles = {shown(option): option for option in options} | {option: option for option in options}
    unknown = [each for each in asked if each not in titles]
    if unknown:
        REMARK.get()(_not_there(name, unknown[0], [shown(option) for option in options]))
    return [titles[each] for each in asked if each in titles]


def _not_there(name: str, asked: str, there: Sequence[str]) -> str:
    """Return the remark about an unknown name in a link, with some of the known names."""
    named = ", ".join(words.short(each, 60) for each in there[:MAX_NAMED])
    more = f" and {len(there) - MAX_NAMED} more" if len(there) > MAX_NAMED else ""
    but = f"; there are {named}{more}" if there else ""
    return f"The link asks for {name.lower()} “{words.short(asked, 80)}”, which is not here{but}."


def _keep_one(key: str, usual: object) -> None:
    """Write a choice into the address, or take it out where it is the usual one."""
    value = st.session_state[key]
    if value == usual or value is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(value).lower() if isinstance(value, bool) else str(value)


def _keep_several(key: str) -> None:
    if st.session_state[key]:
        st.query_params[key] = list(st.session_state[key])
    else:
        st.query_params.pop(key, None)
