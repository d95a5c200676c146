"""Recognise texts that act on a reader, independent of `harness/text`: one function per outlet.

The commands are workflow commands, which GitHub's runner and Azure's agent read from a log.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator

_TRIMMED = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\u180e"
)
"""White space to the runner, to Python, or to an older Unicode."""
_LINE_ENDS = re.compile("[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Where the runner or anything between it and us may end a line."""

Acts = Callable[[str], bool]


def commands(log: str) -> Iterator[str]:
    """Yield every workflow command in a log, by line.

    The runner trims a line, wants `::` at its start, and takes what stands before the next `::`
    for a name with properties. Of `##[` it takes what stands before the next `]`, anywhere.
    """
    for line in _LINE_ENDS.split(log):
        trimmed = line.lstrip(_TRIMMED)
        if trimmed.startswith("::") and "::" in trimmed[2:]:
            yield trimmed
        elif _bracketed(line):
            yield line


def _bracketed(line: str) -> bool:
    for opening in ("##[", "##vso["):
        place = line.find(opening)
        if place >= 0 and "]" in line[place:]:
            return True
    return False


def acts_in_a_log(shown: str) -> bool:
    """Return whether the runner would find a command, or a terminal a control sequence."""
    return any(True for _ in commands(shown)) or acts_on_a_terminal(shown)


_MOVES = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls; line feed and tab are layout
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
)


def acts_on_a_terminal(shown: str) -> bool:
    """Return whether a character moves the cursor, reverses the text or is invisible."""
    return _MOVES.search(shown) is not None


def acts_in_one_line(shown: str) -> bool:
    """Return whether a text acts on a terminal or leaves its line."""
    return "\n" in shown or acts_on_a_terminal(shown)


_TAG = re.compile(r"""[<>"']|&(?!(?:amp|lt|gt|quot|\#x?[0-9a-fA-F]+);)""")


def acts_in_html(shown: str) -> bool:
    """Return whether a browser would see a tag, the end of an attribute, or an entity."""
    return _TAG.search(shown) is not None


_STARTS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20\u2212"


def acts_in_a_sheet(cell: str) -> bool:
    """Return whether a spreadsheet would calculate it, once written as CSV and read again."""
    written = io.StringIO(newline="")
    csv.writer(written).writerow([cell, "next"])
    before = csv.field_size_limit(1 << 24)  # a spreadsheet has its own limit
    try:
        rows = list(csv.reader(io.StringIO(written.getvalue(), newline="")))
    finally:
        csv.field_size_limit(before)
    if len(rows) != 1 or len(rows[0]) != 2:
        return True
    return rows[0][0].lstrip(_TRIMMED.replace("\t", "").replace("\r", ""))[:1] in (*_STARTS,)


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def acts_in_xml(shown: str) -> bool:
    """Return whether it holds characters that XML 1.0 cannot carry."""
    return _NOT_XML.search(shown) is not None


_CODE = re.compile(r"<code>(?:&#\d+;|[^!-/:-@\[-`{-~\n\r])*</code>|")
"""A character reference, or letters: neither punctuation nor the end of a line."""


def acts_in_a_table(cell: str) -> bool:
    """Return whether a cell holds anything but one code element of plain letters."""
    return _CODE.fullmatch(cell) is None or acts_on_a_terminal(cell)


_FENCE = re.compile(r"(`{3,})text\n")


def acts_in_a_block(block: str) -> bool:
    """Return whether a fenced block ends before its last line."""
    opened = _FENCE.match(block)
    if not opened:
        return True
    *inside, last = block[opened.end() :].split("\n")
    if last != opened[1] or acts_on_a_terminal(block):
        return True
    closing = re.compile(rf"[ \t>]*`{{{len(opened[1])},}}[ \t]*")
    return any(closing.fullmatch(line) for line in inside)


def acts_in_json(text: str) -> bool:
    """Return whether it holds a lone surrogate, which strict parsers refuse."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
