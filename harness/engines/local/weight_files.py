"""Notice that the files of a base change while it is loaded or in use.

A mapped file that is written to in place changes the values that are computed with, and no library
notices. So size, times and inode are compared before and after loading and after each step, and
the results of a step over which they changed are dropped. The files are opened for it: a network
file system then asks its server instead of its own memory. A file that was written only just now
could change once more within the same tick of the file system's clock, so the clock is waited for.
A file that is cut short while it is read ends the process (SIGBUS), without a verdict.

Tested in tests/engines/local/test_weight_files.py.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from harness.errors import EngineFailed, reason

_TICK, _COARSE_TICK = 0.02, 2.0
"""Seconds in which two changes may get one time: on most file systems, and with whole seconds."""

FileState = tuple[int, ...]


def file_state(handle: int) -> FileState:
    """Return what tells an opened file from a changed one; ctime catches a restored mtime."""
    told = os.fstat(handle)
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


class WeightFiles:
    """The weights of a base's folder as they were when it was loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._states = dict(self._now())
        for *_, modified, changed in self._states.values():
            last = max(modified, changed)
            tick = _TICK if last % 10**9 else _COARSE_TICK
            time.sleep(min(tick, max(0.0, last / 10**9 + tick - time.time())))

    def _now(self) -> Iterator[tuple[Path, FileState]]:
        for file in sorted(self._folder.glob("*.safetensors")):
            handle = os.open(file, os.O_RDONLY)
            try:
                yield file, file_state(handle)
            finally:
                os.close(handle)

    def refuse_changed(self) -> None:
        """Refuse files that are no longer those that were loaded."""
        try:
            now = dict(self._now())
        except OSError as problem:
            raise EngineFailed(f"{self._folder}: cannot be read ({reason(problem)})") from problem
        for file in sorted(self._states.keys() | now.keys()):
            if self._states.get(file) != now.get(file):
                raise EngineFailed(
                    f"{file}: changed while the base was in use, so what was just computed is"
                    " dropped; run it again when the file is whole"
                )
