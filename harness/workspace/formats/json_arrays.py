"""Read a file that is one JSON list, as Alpaca's data is shipped, item by item with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.workspace.formats.reading import MAX_BYTES, opened, read_text

# Possessive quantifiers never backtrack, so that an open text cannot take long.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_HEAD = 4096


def is_array(path: Path, error: type[HarnessError]) -> bool:
    """Return whether the file begins like a JSON list; otherwise it may be JSONL."""
    with opened(path, error, MAX_BYTES) as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf")
    return head.lstrip().startswith(b"[")


def array_items(path: Path, error: type[HarnessError]) -> Iterator[tuple[int, str]]:
    """Yield the text of each item with the line on which it begins; an item is not parsed.

    So a bad item is one bad line, as in JSONL, and a copy can keep the others as they were written.
    """
    text = read_text(path, error)
    depth, start, line, counted, count = 0, 0, 1, 0, 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        ends = depth == 1 and sign in ",]"
        if ends:
            item = text[start : token.start()]
            begins = token.start() - len(item.lstrip())
            line += text.count("\n", counted, begins)
            counted = begins
            if item.strip():
                count += 1
                yield line, item.strip()
            elif sign == "," or count:
                raise error(f"{path}:{line}: is not JSON (an item is missing beside a comma)")
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if ends or (depth == 1 and start == 0):
            start = token.end()
        if depth == 0:
            if text[token.end() :].strip():
                raise error(f"{path}: is not JSON (more text after the list)")
            return
    last = text.count("\n") + 1
    raise error(f"{path}:{last}: is not JSON (the list has no end)")
