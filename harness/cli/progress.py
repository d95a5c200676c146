"""Progress on stderr, and only where stderr is a terminal."""

from __future__ import annotations

import sys
import time


class Line:
    """One line that is written over; silent in pipes and logs."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.begun = time.monotonic()
        self.live = sys.stderr.isatty()

    def show(self, done: int, total: int, note: str = "") -> None:
        """`title  12/30  4 s left  note`."""
        if not self.live or not total:
            return
        spent = time.monotonic() - self.begun
        left = f"{spent / done * (total - done):.0f} s left" if done else ""
        width = 20
        bar = "█" * (width * done // total) + "░" * (width - width * done // total)
        sys.stderr.write(f"\r\x1b[K{self.title} {bar} {done}/{total}  {left}  {note}")
        sys.stderr.flush()

    def count(self, done: int) -> None:
        """`title  12,000`, where nobody knows how many there are in all."""
        if self.live:
            sys.stderr.write(f"\r\x1b[K{self.title}  {done:,}")
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the line empty for what follows."""
        if self.live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
