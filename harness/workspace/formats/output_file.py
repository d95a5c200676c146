"""Write to the file that a person named: through a link, a pipe or a device, never in its place."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import RequestError
from harness.text.safe import json_line
from harness.workspace.formats.cache import write_pieces_atomically

_STREAM = re.compile(r"/dev/(stdout|stderr|fd/\d+)|/proc/[^/]+/fd/\d+")
"""Names of open streams; behind them may be a file that the shell has opened already."""
_WRITE = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""O_NONBLOCK: opening a pipe must not wait for a reader."""


def write_output(path: Path, pieces: Iterable[str]) -> int:
    """Write pieces of text to a file, pipe or device; return how many there were.

    A file gets its new content at once or not at all, also behind a link.
    """
    if is_stream(path):
        return _through(path, pieces)
    return write_pieces_atomically(behind_links(path), pieces)


def write_for_a_person(path: Path, lines: Iterable[Mapping[str, object]], otherwise: str) -> None:
    """Write lines that a person will fill in as JSONL; refuse to replace what may be filled in.

    `otherwise` ends the refusal: what may be in the file, and what to do instead.
    """
    if path.exists():
        raise RequestError(f"{path}: is there already and may hold {otherwise}")
    try:
        write_output(path, (json_line(line) + "\n" for line in lines))
    except OSError as problem:
        raise RequestError(f"{path}: cannot be written ({problem.strerror})") from problem


def is_stream(path: Path) -> bool:
    """Return whether a path names a pipe, a terminal or another device for text."""
    if _STREAM.fullmatch(str(Path.cwd() / path)):
        return True
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def behind_links(path: Path) -> Path:
    """Return the file that a path leads to; it need not exist yet."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _through(path: Path, pieces: Iterable[str]) -> int:
    try:
        opened = os.open(path, _WRITE)
    except OSError as problem:
        if path.is_fifo():
            raise RequestError(
                f"{path}: is a pipe that no process reads, start the reader first"
            ) from problem
        raise
    if hasattr(os, "set_blocking"):  # Windows has it from Python 3.12 on, and no pipe to wait for
        os.set_blocking(opened, True)
    count = 0
    with os.fdopen(opened, "w", encoding="utf-8", newline="\n") as file:
        for piece in pieces:
            file.write(piece)
            count += 1
    return count
