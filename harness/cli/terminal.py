"""Write to terminals and pipes whose encoding lacks some of our signs, such as Latin-1."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TypedDict

from harness.progress import WIDEST, terminal_width

_NEAR = str.maketrans({
    "═": "=", "─": "-", "━": "-", "│": "|", "┃": "|", "├": "+", "└": "+", "−": "-", "–": "-",
    "—": "-", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "±": "+-", "×": "x", "·": ".", "…": "...",
    "•": "*", "’": "'", "‘": "'", "“": '"', "”": '"', "►": ">", "✓": "v", "✗": "x",
})  # fmt: skip
"""The sign of ASCII that looks most like each sign of our own sentences and tables."""
_PLAIN, _JSON = "lora-harness.plain", "lora-harness.json"


class Screen(TypedDict):
    """How a verdict is written to a terminal: arguments of `verdict_text`."""

    width: int
    colour: bool


def screen() -> Screen:
    """Return the width of standard output, and whether it takes colours and they are wanted."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    colour = sys.stdout.isatty() and not plain
    return Screen(width=min(WIDEST, terminal_width(sys.stdout)), colour=colour)


def write_any_sign() -> None:
    """Let standard output and error write what their encoding lacks, as a near sign or escape.

    Under `--json` every such sign is an escape of JSON, so that a program reads the same text.
    """
    codecs.register_error(_PLAIN, lambda problem: _written(problem, near=True))
    codecs.register_error(_JSON, lambda problem: _written(problem, near=False))
    errors = _JSON if "--json" in sys.argv else _PLAIN
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not _takes_all(stream.encoding):
            stream.reconfigure(errors=errors)


def _takes_all(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith("utf")


def _written(problem: UnicodeError, near: bool) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    lost = problem.object[problem.start : problem.end]
    shown = lost.translate(_NEAR) if near else lost
    return "".join(sign if sign.isascii() else _escaped(sign) for sign in shown), problem.end


def _escaped(sign: str) -> str:
    # Two halves of a pair for a letter beyond U+FFFF, as JSON needs it.
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
