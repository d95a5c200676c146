"""Foreign texts on a page: escaped, control characters made visible, long texts cut.

Every such text goes through here; none of it ever reaches Streamlit's Markdown.

Tested in tests/dashboard/test_outlets.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.records import RESERVED
from harness.text import safe
from harness.text.diff import html_diff
from harness.text.html import Html, element

SHOWN = 2_000
"""Characters of one text on a page; the rest is one click away."""
MAX_NAME = 48
"""Letters of a name in a table, a legend or a chart; its tooltip has the whole."""
WHOLE = 1_000_000
"""Characters behind that click: a browser still scrolls them."""
_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")


def html(text: str, limit: int = SHOWN) -> Html:
    """Escape a text for an HTML element, cut after `limit` characters."""
    return Html.escape(text, limit)


def label(text: str, limit: int = 80) -> str:
    """Escape a text for a widget's label, which Streamlit reads as Markdown; no line feeds."""
    return _MARKUP.sub(r"\\\g<0>", safe.terminal(text, limit=limit))


def option(text: str, limit: int = 80) -> str:
    """Return a text as an entry of a list, which Streamlit shows literally; no line feeds."""
    return safe.terminal(text, limit=limit)


def begun(sentence: str) -> str:
    """Return a sentence with a capital at its beginning; names within it stay as they are."""
    return f"{sentence[:1].upper()}{sentence[1:]}"


def code(text: str) -> str:
    """Return a text for a code block, cut at the length a browser can scroll."""
    return safe.terminal(text, lines=True, limit=WHOLE)


def block(text: str) -> Html:
    """Return a text with its line feeds, in a quiet box; an empty text is marked as empty."""
    shown = html(text) if text.strip() else element("span", "(nothing)", class_="lh-quiet")
    return element("div", shown, class_="lh-text")


def difference(old: str, new: str) -> Html:
    """Return the new text with removed and added words marked by colour and sign."""
    return element("div", html_diff(old, new), class_="lh-text")


def cut(text: str) -> bool:
    """Return whether a block shows less than the whole text."""
    return len(text) > SHOWN


def short(name: str, limit: int) -> str:
    """Return a name cut in its middle: names of one family differ at their ends."""
    shown = option(name, 200)
    if len(shown) <= limit:
        return shown
    end = (limit - 1) * 2 // 3
    return f"{shown[: limit - 1 - end]}…{shown[-end:]}"


def told_apart(names: Sequence[str], limit: int) -> dict[str, str]:
    """Return short names: without the beginning that all but the plain models share."""
    tuned = [name for name in names if name not in RESERVED]
    first, last = min(tuned, default=""), max(tuned, default="")
    # What the first and the last in order of the alphabet share, all names between them share.
    shared = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    # Cut behind a whole word: of voice_v10 and voice_v12 the v belongs to what differs.
    cut = max(first.rfind(sign, 0, shared) + 1 for sign in "/_.-")
    return {name: short(name[cut:] if name in tuned else name, limit) for name in names}
