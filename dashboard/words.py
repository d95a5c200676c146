"""Texts of models and strangers on a page: escaped, what acts made visible, long ones cut.

Every such text goes through here; none of it ever reaches Streamlit's Markdown.
"""

from __future__ import annotations

import re

from harness.text import safe
from harness.text.diff import html_diff
from harness.text.html import Html, element

SHOWN = 2_000
"""Characters of one text on a page; the rest is one click away."""
WHOLE = 1_000_000
"""Characters behind that click: a browser still scrolls them."""
_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")


def html(text: str, limit: int = SHOWN) -> Html:
    """Escape a text for an HTML element, cut after `limit` characters."""
    return Html.escape(text, limit)


def label(text: str, limit: int = 80) -> str:
    """Inside a widget's label, which Streamlit reads as Markdown; always one line."""
    return _MARKUP.sub(r"\\\g<0>", safe.terminal(text, limit=limit))


def option(text: str, limit: int = 80) -> str:
    """An entry of a list to choose from, which is shown as it is; always one line."""
    return safe.terminal(text, limit=limit)


def code(text: str) -> str:
    """Inside a code block, as far as a browser can take it."""
    return safe.terminal(text, lines=True, limit=WHOLE)


def block(text: str) -> Html:
    """A text with its line feeds, in a quiet box; an empty one says that it is empty."""
    shown = html(text) if text.strip() else element("span", "(nothing)", class_="lh-quiet")
    return element("div", shown, class_="lh-text")


def difference(old: str, new: str) -> Html:
    """The new text with every word that went or came marked by colour and sign."""
    return element("div", html_diff(old, new), class_="lh-text")


def cut(text: str) -> bool:
    """Whether a block shows less than there is."""
    return len(text) > SHOWN
