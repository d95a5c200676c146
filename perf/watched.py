"""Run a process and watch its memory: wall time, the most that was resident, the most anonymous.

Tested in tests/perf/test_watched.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAUSE = 0.02
"""Seconds between two looks at the anonymous memory."""
ASKED = 0.1
"""Seconds between two questions whether to kill it."""


@dataclass(frozen=True)
class Watched:
    """A process that ended, with the most memory that it took, in bytes."""

    seconds: float
    resident: int
    """As `ru_maxrss` has it: pages of mapped files are part of it."""
    anonymous: int
    """Without pages of files, which the system can drop."""
    code: int
    out: str
    errors: str

    def verdict(self, what: str) -> Watched:
        """Return this process if it ended with a verdict; end the script if it failed."""
        if self.code not in (0, 1, 10):
            sys.exit(f"{what} ended with {self.code}\n{self.out}{self.errors}")
        return self


def watched(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    limit: float | None = None,
    kill_when: Callable[[], bool] | None = None,
) -> Watched:
    """Run a command to its end, under RLIMIT_DATA of some GiB where `limit` says so.

    `kill_when`: asked now and then whether to kill it, as a machine that goes down would.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begun, anonymous, used = time.perf_counter(), 0, None
        ask = begun
        worker = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=out, stderr=errors,
            preexec_fn=None if limit is None else lambda: _limit_data(limit),
        )  # fmt: skip
        while used is None:
            anonymous = max(anonymous, anonymous_bytes(worker.pid))
            ended, status, found = os.wait4(worker.pid, os.WNOHANG)
            if ended:
                used = found
            else:
                if kill_when is not None and time.perf_counter() >= ask:
                    ask += ASKED
                    if kill_when():
                        worker.kill()
                time.sleep(PAUSE)
        seconds = time.perf_counter() - begun
        worker.returncode = os.waitstatus_to_exitcode(status)
        resident = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read())
    return Watched(seconds, resident, anonymous, worker.returncode, texts[0], texts[1])


def _limit_data(limit: float) -> None:
    import resource

    most = int(limit * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def anonymous_bytes(process: int) -> int:
    """Return the anonymous memory of a process now, 0 when it has none left or cannot be asked."""
    try:
        told = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    sizes = [line.split()[1] for line in told.splitlines() if line.startswith("RssAnon")]
    return int(sizes[0]) * 1024 if sizes else 0


def gib(size: float) -> str:
    """Return bytes in GiB."""
    return f"{size / 2**30:.2f} GiB"
