"""Take a thinking model's thoughts, `<think>…</think>`, out of the text that it wrote.

Pure: what is left is scored and checked, the whole text stays in the record.
"""

from __future__ import annotations

import re

OPEN, CLOSE = "<think>", "</think>"
_MARK = re.compile(r"</?think>")


def may_begin_inside(text: str) -> bool:
    """Return whether a text may begin inside a thought without showing it by its marks."""
    first = _MARK.search(text)
    return first is None or (first[0] == OPEN and bool(text[: first.start()].strip()))


def opens_thought(prompt: str) -> bool:
    """Return whether a prompt ends inside a thought, so that its output begins with one.

    The templates of some thinking models write `<think>` themselves; then no output has it.
    """
    return prompt.rfind(OPEN) > prompt.rfind(CLOSE)


def without_thoughts(text: str, *, opened: bool = False) -> str | None:
    """Return a text without its thoughts, None where the last of them never ends.

    `opened`: whether the prompt ended inside a thought. A text that has no thought comes back as
    it is. A `</think>` that no `<think>` stands before ends a thought of the prompt, even where
    `opened` is not known.
    """
    if not opened and not _MARK.search(text):
        return text
    kept: list[str] = []
    thinking, place = opened, 0
    for mark in _MARK.finditer(text):
        before = text[place : mark.start()]
        place = mark.end()
        if mark[0] == OPEN:
            if not thinking:
                kept.append(before)
            thinking = True
        elif thinking:
            thinking = False
        else:
            kept.clear()  # all of it was thought
    if thinking:
        return None
    parts = [part.strip() for part in (*kept, text[place:])]
    return "\n".join(part for part in parts if part)
