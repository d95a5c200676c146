"""The per-user cache: converted bases and remembered digests; deleting it loses only time."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, RequestError
from harness.workspace.formats.reading import read_text
from harness.workspace.formats.unfinished import (
    lock_unfinished,
    remove_unfinished,
    unfinished_name,
)

_ODD = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe"}


def cache_folder() -> Path:
    """Return `LORA_HARNESS_CACHE`, or the system's folder for caches."""
    named = os.environ.get("LORA_HARNESS_CACHE")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("lora-harness", appauthor=False)


def write_atomically(path: Path, text: str) -> None:
    """Replace the file at once, so that readers see the old text or the new, never a part."""
    write_pieces_atomically(path, (text,))


def write_pieces_atomically(path: Path, pieces: Iterable[str]) -> int:
    """Replace the file like `write_atomically`, from a stream; return the number of pieces.

    What killed processes left of it is removed. Only a file is replaced, no link, pipe or device.
    """
    _refuse_odd(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(path)
    beside = unfinished_name(path)
    count = 0
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as file:
            lock_unfinished(file)
            for piece in pieces:
                file.write(piece)
                count += 1
            # On disk before the rename, or a power cut could leave an empty file under the name.
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:  # also on Ctrl-C, and when the pieces cannot be made
        beside.unlink(missing_ok=True)
        raise
    return count


def _refuse_odd(path: Path) -> None:
    try:
        kind = stat.S_IFMT(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if kind not in (stat.S_IFREG, stat.S_IFDIR):  # the system itself refuses to replace a folder
        raise RequestError(f"{path}: is {_ODD.get(kind, 'a device')}, a file is needed there")


def remembered(name: str) -> dict[str, Any]:
    """Return a small cached table; empty if it is missing or damaged."""
    try:
        # A pipe in its place would be waited for without end.
        found = json.loads(read_text(cache_folder() / name))
    except (HarnessError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(name: str, key: str, value: Any) -> None:
    """Add an entry to a small cached table; a lost race costs only the entry."""
    table = remembered(name)  # no lock: two writers at once lose an entry, never the file
    table[key] = value
    try:
        write_atomically(cache_folder() / name, json.dumps(table, indent=1, sort_keys=True))
    except (OSError, RequestError):
        return  # without a cache the work is only slower
