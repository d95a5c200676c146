"""The difference of two texts, word by word: [-removed-] and [+added+].

Only the beginning of a long text is compared; a remark says so.
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
"""Words of each text that are compared; the search is quadratic."""
MAX_TEXT = 4_000
"""Characters of each text that are read."""

_TOKEN = re.compile(r"\n|[^\s]+")


def word_diff(old: str, new: str) -> str:
    """Return the new text with its changes marked; any white space but a line feed is a space."""
    signs = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("[+", "+]")}
    marked = " ".join(f"{signs[kind][0]}{text}{signs[kind][1]}" for kind, text in pieces(old, new))
    return marked + _remark(old, new)


def html_diff(old: str, new: str) -> Html:
    """Return the same as HTML: `del` and `ins` elements, with signs besides their colours."""
    marked = (_marked(kind, Html.escape(text, MAX_TEXT)) for kind, text in pieces(old, new))
    return Html(" ").join(marked) + _remark(old, new)


def markdown_diff(old: str, new: str, limit: int = MAX_TEXT) -> str:
    """Return the same for Markdown: a `code` element with `del` and `ins` in it."""
    found, room = [], limit
    # cut between runs: a cut through the finished HTML could break an element
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
    """Yield runs of words that stayed, were removed or were added."""
    before, after = _words(old)[:MAX_WORDS], _words(new)[:MAX_WORDS]
    # autojunk would ignore frequent words of texts with 200 words or more
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
    """Say what the marks do not show: changed white space, and words that are not compared."""
    before, after = _words(old), _words(new)
    whole = len(old) <= MAX_TEXT and len(new) <= MAX_TEXT
    spaces = " (only white space differs)" * (old != new and before == after and whole)
    if whole and max(len(before), len(after)) <= MAX_WORDS:
        return spaces
    return f"{spaces} … (only the first {MAX_WORDS} words are compared)"
