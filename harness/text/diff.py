"""The difference of two texts, word by word: [-removed-] and [+added+].

Bounded: of long texts only the beginning is compared, and it is said how much was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

from harness.text import safe
from harness.text.html import Html, element

Change = Literal["same", "removed", "added"]

MAX_WORDS = 300
"""Words of each side that are compared; the search is quadratic."""
MAX_TEXT = 4_000
"""Characters of each side that are looked at."""

_TOKEN = re.compile(r"\n|[^\s]+")


def word_diff(old: str, new: str) -> str:
    """Return the new text with what changed marked; white space but line feeds is one space."""
    signs = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("[+", "+]")}
    marked = " ".join(f"{signs[kind][0]}{text}{signs[kind][1]}" for kind, text in pieces(old, new))
    return marked + _remark(old, new)


def html_diff(old: str, new: str) -> Html:
    """Return the same as HTML: `del` and `ins` elements, with signs for who sees no colour."""
    marked = (_marked(kind, Html.escape(text, MAX_TEXT)) for kind, text in pieces(old, new))
    return Html(" ").join(marked) + _remark(old, new)


def markdown_diff(old: str, new: str, limit: int = MAX_TEXT) -> str:
    """Return the same for Markdown: one `code` element with `del` and `ins` in it."""
    found, room = [], limit
    for kind, text in pieces(old, new):
        if room <= 0:
            break
        found.append(_marked(kind, Html(safe.markdown_code(text, limit=room))))
        room -= len(text)
    cut = " …" if room <= 0 else ""
    remark = Html(safe.markdown_code(_remark(old, new)))
    return str(element("code", Html(" ").join(found), cut, remark))


def _marked(kind: Change, shown: Html) -> Html:
    if kind == "same":
        return shown
    return element("del", "−", shown) if kind == "removed" else element("ins", "+", shown)


def pieces(old: str, new: str) -> Iterator[tuple[Change, str]]:
    """Run after run of words that stayed, went or came; of long texts only the beginning."""
    before, after = _words(old)[:MAX_WORDS], _words(new)[:MAX_WORDS]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield "same", " ".join(before[a:b])
            continue
        if b > a:
            yield "removed", " ".join(before[a:b])
        if d > c:
            yield "added", " ".join(after[c:d])


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text[:MAX_TEXT])


def _remark(old: str, new: str) -> str:
    """What the marks do not show: white space, and words beyond those compared."""
    before, after = _words(old), _words(new)
    whole = len(old) <= MAX_TEXT and len(new) <= MAX_TEXT
    spaces = old != new and before == after and whole
    return " (only white space differs)" * spaces + _left_out(old, new, before, after)


def _left_out(old: str, new: str, before: list[str], after: list[str]) -> str:
    if max(len(before), len(after)) <= MAX_WORDS and max(len(old), len(new)) <= MAX_TEXT:
        return ""
    return f" … (only the first {MAX_WORDS} words are compared)"
