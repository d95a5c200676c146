"""Mark files that are being written, and remove those that killed processes left unfinished.

`NAME` is written as `.NAME.RANDOM` beside it, and renamed when it is whole.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import IO, Any

_RANDOM_BYTES = 8
_JUST_OPENED = 10.0
"""Seconds in which an empty file may belong to a process that has not locked it yet."""


def unfinished_name(path: Path) -> Path:
    """Return a new name beside a file, under which it is written."""
    return path.with_name(f".{path.name}.{secrets.token_hex(_RANDOM_BYTES)}")


def lock_unfinished(file: IO[Any]) -> None:
    """Lock an unfinished file for as long as it is open, so that no other process removes it."""
    with suppress(ImportError, OSError):  # Windows keeps open files anyway; some disks cannot lock
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_unfinished(path: Path) -> None:
    """Remove what killed processes left unfinished of a file: no living process locks it."""
    for left in path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 2 * _RANDOM_BYTES}"):
        with suppress(OSError):  # another process writes it, or has just removed it
            if left.is_symlink() or not left.is_file():
                continue
            with left.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_size == 0 and time.time() - state.st_mtime < _JUST_OPENED:
                    continue
                _refuse_locked(file)
            left.unlink()


def _refuse_locked(file: IO[Any]) -> None:
    """Raise OSError if another process locks a file."""
    with suppress(ImportError):  # without locks the system refuses to remove a file in use
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
