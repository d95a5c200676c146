"""Tell apart text, and the letters that Python makes of bytes and escapes that are no text."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs: from `\\ud83d` alone in JSON, or from a byte that is no UTF-8."""


def is_encodable(text: str) -> bool:
    """Return whether a text can be written as UTF-8, which every store and file here needs."""
    return text.isascii() or not _HALF.search(text)
