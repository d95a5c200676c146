"""The per-user cache: converted bases and remembered digests; deleting it loses only time."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def cache_folder() -> Path:
    """`LORA_HARNESS_CACHE`, or the place that this system keeps for caches."""
    told = os.environ.get("LORA_HARNESS_CACHE")
    if told:
        return Path(told)
    from platformdirs import user_cache_path

    return user_cache_path("lora-harness", appauthor=False)


def write_atomically(path: Path, text: str) -> None:
    """The whole file or the old one: written beside, synced, then renamed."""
    write_pieces_atomically(path, (text,))


def write_pieces_atomically(path: Path, pieces: Iterable[str]) -> int:
    """The same for what is too long to hold; how many pieces there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    count = 0
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as file:
            for piece in pieces:
                file.write(piece)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return count


def remembered(name: str) -> dict[str, Any]:
    """A small table that an earlier process left; empty where there is none or it is damaged."""
    try:
        found = json.loads((cache_folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(name: str, key: str, value: Any) -> None:
    """Add one entry to a small table; a lost race costs only the entry."""
    table = remembered(name)
    table[key] = value
    try:
        write_atomically(cache_folder() / name, json.dumps(table, indent=1, sort_keys=True))
    except OSError:
        return  # a cache that cannot be written is no reason to stop
