"""Aligned tables of plain text, and the wrapping of long lines.

Widths are columns on a terminal: an East Asian wide character takes two, a combining mark none.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence


def display_width(text: str) -> int:
    """Return how many terminal columns a text takes."""
    return len(text) if text.isascii() else sum(_columns(sign) for sign in text)


def table(
    rows: Sequence[Sequence[str]], align: str = "", *, gap: int = 2, indent: int = 0
) -> list[str]:
    """Align rows in columns; `align` has `<` or `>` per column, and further columns align left."""
    aligned = align.ljust(max((len(row) for row in rows), default=0), "<")
    widths = [
        max((display_width(row[column]) for row in rows if column < len(row)), default=0)
        for column in range(len(aligned))
    ]
    lines = []
    for row in rows:
        cells = map(pad, row, widths, aligned)
        lines.append((" " * indent + (" " * gap).join(cells)).rstrip())
    return lines


def pad(text: str, width: int, side: str = "<") -> str:
    """Fill a text with spaces up to a width in terminal columns; `>` puts them in front."""
    space = " " * max(0, width - display_width(text))
    return space + text if side == ">" else text + space


def cut(text: str, width: int) -> str:
    """Shorten a text to a width in terminal columns; a text that was cut ends in an ellipsis."""
    if display_width(text) <= width:
        return text
    kept, room = "", width - 1
    for sign in text:
        room -= _columns(sign)
        if room < 0:
            break
        kept += sign
    return f"{kept}…" if width > 0 else ""


def hang(label: str, text: str, width: int) -> list[str]:
    """Wrap a text behind a label; further lines are indented to the start of the text."""
    return textwrap.wrap(
        text,
        max(width, display_width(label) + 20),
        initial_indent=label,
        subsequent_indent=" " * display_width(label),
        break_on_hyphens=False,
    ) or [label.rstrip()]


def _columns(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
