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
    """Align rows in columns; `align` has one `<` or `>` per column, left where it says nothing."""
    sides = align.ljust(max((len(row) for row in rows), default=0), "<")
    widths = [_widest(rows, column) for column in range(len(sides))]
    return [_line(row, widths, sides, gap, indent) for row in rows]


def pad(text: str, width: int, side: str = "<") -> str:
    """Fill a text with spaces up to a width in terminal columns."""
    space = " " * max(0, width - display_width(text))
    return space + text if side == ">" else text + space


def hang(label: str, text: str, width: int) -> list[str]:
    """Wrap a text behind a label; further lines stand under its beginning."""
    return textwrap.wrap(
        text,
        max(width, display_width(label) + 20),
        initial_indent=label,
        subsequent_indent=" " * display_width(label),
        break_on_hyphens=False,
    ) or [label.rstrip()]


def _line(row: Sequence[str], widths: list[int], sides: str, gap: int, indent: int) -> str:
    cells = [pad(cell, width, side) for cell, width, side in zip(row, widths, sides, strict=False)]
    return (" " * indent + (" " * gap).join(cells)).rstrip()


def _widest(rows: Sequence[Sequence[str]], column: int) -> int:
    return max((display_width(row[column]) for row in rows if column < len(row)), default=0)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
