"""The per-user cache: converted bases and remembered digests; deleting it loses only time."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.workspace.formats.reading import read_text


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
    """Replace the file like `write_atomically`, from a stream; return the number of pieces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    count = 0
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as file:
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
    except OSError:
        return  # without a cache the work is only slower
