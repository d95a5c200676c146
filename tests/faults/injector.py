"""Count every step by which a process changes the world, and break a chosen step.

A step is a write, rename, fsync, removal or new file of Python's; a write, fsync, truncation or
removal of SQLite's own; a statement or a commit. `arm` cannot be undone: use a separate process.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

How = Literal["kill", "full", "broken"]
"""kill: SIGKILL before the step, or in the middle of it where it writes; full: no room from this
step on (ENOSPC); broken: this step alone fails (EIO)."""

ROOM = frozenset({"write", "create", "mkdir", "sqlite write"})
"""Steps that need room on the disk."""
FILES = ROOM | {
    "fsync", "rename", "replace", "unlink", "rmdir", "link", "chmod", "truncate", "sqlite fsync",
    "sqlite truncate",
}  # fmt: skip
"""Steps that a disk can fail; a statement or a commit fails by what it does to files."""
_NUMBERS = {"full": errno.ENOSPC, "broken": errno.EIO}


@dataclass
class Injector:
    """Break step number `at`, counted from 1; with 0 only count."""

    at: int
    how: How = "kill"
    count: int = 0
    was: str = ""
    """The step that was broken."""
    cut: Callable[[], None] | None = None
    """What happens to a statement instead of a kill, such as the loss of its connection."""

    def counts(self, step: str) -> bool:
        """Return whether this way of breaking applies to the step."""
        if self.cut is not None:
            return step in ("statement", "commit")
        wanted = {"kill": None, "full": ROOM, "broken": FILES}[self.how]
        return wanted is None or step in wanted

    def breaks(self, step: str) -> bool:
        """Count the step; return whether to break it."""
        if not self.counts(step):
            return False
        self.count += 1
        now = self.count == self.at or (self.how == "full" and 0 < self.at <= self.count)
        if now:
            self.was = self.was or step
        return now

    def step(self, step: str) -> None:
        """Count an atomic step before it is done; break it if it is the chosen step."""
        if not self.breaks(step):
            return
        if self.cut is not None:
            self.cut()
        elif self.how == "kill":
            die()
        else:
            raise OSError(_NUMBERS[self.how], os.strerror(_NUMBERS[self.how]))


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(injector: Injector) -> None:
    """Send every later step of this process through the injector."""
    _arm_os(injector)
    _arm_files(injector)
    _arm_statements(injector)
    from tests.faults.sqlite_files import arm_sqlite

    arm_sqlite(injector)


# --- Python's own files ------------------------------------------------------------------------

_CALLS = {
    "fsync": "fsync", "fdatasync": "fsync", "rename": "rename", "replace": "replace",
    "unlink": "unlink", "remove": "unlink", "rmdir": "rmdir", "mkdir": "mkdir", "link": "link",
    "symlink": "link", "chmod": "chmod", "truncate": "truncate", "sendfile": "write",
}  # fmt: skip


def _arm_os(injector: Injector) -> None:
    for name, step in _CALLS.items():
        setattr(os, name, _before(injector, step, getattr(os, name)))
    real = os.open

    def opened(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT and not os.path.lexists(path):
            injector.step("create")
        return real(path, flags, *rest, **more)

    os.open = opened


def _before(injector: Injector, step: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*given: Any, **more: Any) -> Any:
        injector.step(step)
        return real(*given, **more)

    return counted


def _arm_files(injector: Injector) -> None:
    real = io.open

    class Raw(io.FileIO):
        """A file whose every write is a step; a kill leaves half of the data written."""

        def write(self, data: Any, /) -> int:
            if injector.breaks("write"):
                if injector.how == "kill":
                    super().write(bytes(data)[: len(data) // 2])
                    die()
                number = _NUMBERS[injector.how]
                raise OSError(number, os.strerror(number))
            return super().write(data)

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not os.path.lexists(file):
            injector.step("create")
        raw = Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw
        buffer = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
        if "b" in mode:
            return buffer
        return io.TextIOWrapper(buffer, encoding or "utf-8", errors, newline)

    io.open = builtins.open = opened  # type: ignore[assignment]


# --- the store ---------------------------------------------------------------------------------


def _arm_statements(injector: Injector) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def statement(*_: Any) -> None:
        injector.step("statement")

    def commit(*_: Any) -> None:
        injector.step("commit")

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
