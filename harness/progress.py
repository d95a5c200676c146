"""Progress on stderr, and only where stderr is a terminal; how long it still takes, honestly."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

_WIDTH = 20
_SECONDS = 60.0
_STEPS = 512
"""A pace is taken over the last minute and at least so many steps: writing and weighing go in turn,
and one is much faster than the other."""
_APART = 0.2
"""Seconds between two marks, so that there are never many."""
_SURE = 2.0
"""Seconds before anything is said about how many are left."""


class Pace:
    """How fast steps were done lately; what was done before this process counts for nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()
        self._total = 0

    def left(self, done: int, total: int) -> float | None:
        """Seconds, or None where nobody can say yet; other work than before begins anew."""
        now = self._clock()
        if total != self._total or (self._marks and done < self._marks[-1][1]):
            self._marks.clear()
            self._total = total
        if not self._marks or now - self._marks[-1][0] >= _APART:
            self._marks.append((now, done))
        while len(self._marks) > 2 and self._goes(self._marks[1], now, done):
            self._marks.popleft()
        begun, before = self._marks[0]
        if now - begun < _SURE or done == before:
            return None
        return (now - begun) / (done - before) * (total - done)

    def _goes(self, second: tuple[float, int], now: float, done: int) -> bool:
        """Whether the pace is long enough without the oldest mark."""
        return now - second[0] >= _SECONDS and done - second[1] >= _STEPS


class ProgressLine:
    """One line that is written over; silent in pipes and logs."""

    def __init__(
        self,
        title: str,
        clock: Callable[[], float] = time.monotonic,
        terminal: TextIO | None = None,
    ) -> None:
        self.title = title
        self.out = terminal or sys.stderr
        self.live = self.out.isatty()
        self.pace = Pace(clock)

    def show(self, done: int, total: int, note: str = "") -> None:
        """`title  12/30  about 40 s left  note`."""
        if not self.live or not total:
            return
        left = self.pace.left(done, total)
        said = "" if left is None or done >= total else in_words(left)
        filled = _WIDTH * done // total
        bar = "█" * filled + "░" * (_WIDTH - filled)
        self.out.write(f"\r\x1b[K{self.title} {bar} {done:,}/{total:,}  {said}  {note}")
        self.out.flush()

    def count(self, done: int) -> None:
        """`title  12,000`, where nobody knows how many there are in all."""
        if self.live:
            self.out.write(f"\r\x1b[K{self.title}  {done:,}")
            self.out.flush()

    def close(self) -> None:
        """Leave the line empty for what follows."""
        if self.live:
            self.out.write("\r\x1b[K")
            self.out.flush()


def in_words(seconds: float) -> str:
    """As precise as anybody can be: `about 40 s left`, `about 3 min left`, `about 1.5 h left`."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} s left"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"
