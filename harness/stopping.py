"""End on SIGTERM and SIGHUP as on Ctrl-C: close all that is open, then leave.

By default the two end Python on the spot: adapters would stay loaded on a server, and private
copies on the disk.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
GO_ON = "stopped; run the same command again to go on"
"""What a command and a session of pytest say that a signal ended."""
_PATIENCE = 30.0
"""Seconds for closing: a CI sends SIGTERM after SIGINT, which must not break off the closing."""


class Stopping:
    """Raise KeyboardInterrupt at a signal; let closing go on when more of them come."""

    def __init__(self) -> None:
        self.signal: int | None = None
        """The first signal that came; None so far."""
        self._since = 0.0

    @property
    def exit_code(self) -> int:
        """The code that a shell gives to a process that this signal ended: 130 for Ctrl-C."""
        return 128 + (self.signal or signal.SIGINT)

    def stop(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first one ends the work, a second Ctrl-C the closing as well."""
        now = time.monotonic()
        if self.signal is None:
            self.signal, self._since = number, now
        elif number != signal.SIGINT and now - self._since < _PATIENCE:
            return
        raise KeyboardInterrupt


@contextmanager
def ends_in_order() -> Iterator[Stopping]:
    """Turn signals that end a process into KeyboardInterrupt, inside this block.

    A signal that is ignored stays ignored (`nohup`), and a handler of another package stays.
    """
    stopping = Stopping()
    before = {}
    if threading.current_thread() is threading.main_thread():  # Python allows it only there
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = handler
                signal.signal(number, stopping.stop)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
