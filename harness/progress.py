"""Show progress on stderr, only if it is a terminal, with an honest estimate of the time left."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from harness.text.table import cut, display_width

if TYPE_CHECKING:
    from harness.time_left import TimeLeft

OnProgress = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and how much there is."""

_WIDTH = 20
_SECONDS = 60.0
_STEPS = 512
"""A pace covers the last minute and at least this many steps: generation and scoring alternate, and
the two differ much in speed."""
_APART = 0.2
"""Seconds between two samples, which bounds their number."""
_SURE = 2.0
"""Seconds before the first estimate."""

WIDEST = 100
"""Columns that text takes on a wide terminal: longer lines are hard to read."""


class Pace:
    """The recent speed of steps; steps that were done before this process started do not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()
        """Time and number of steps done."""
        self._total = 0

    def left(self, done: int, total: int) -> float | None:
        """Estimate the seconds left; None until known. A new `total` resets the estimate."""
        now = self._clock()
        if total != self._total or (self._samples and done < self._samples[-1][1]):
            self._samples.clear()
            self._total = total
        if not self._samples or now - self._samples[-1][0] >= _APART:
            self._samples.append((now, done))
        # The oldest sample goes only if the second still covers both a minute and enough steps.
        while (
            len(self._samples) > 2
            and now - self._samples[1][0] >= _SECONDS
            and done - self._samples[1][1] >= _STEPS
        ):
            self._samples.popleft()
        begun, before = self._samples[0]
        if now - begun < _SURE or done == before:
            return None
        return (now - begun) / (done - before) * (total - done)


def terminal_width(stream: TextIO) -> int:
    """Return the columns of the terminal behind a stream; elsewhere COLUMNS or 80."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):  # a pipe, a file, or a stream that has no descriptor
        return shutil.get_terminal_size().columns


class ProgressLine:
    """A terminal line that is overwritten with every step; silent in pipes and logs."""

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

    def show(
        self, done: int, total: int, note: str = "", time_left: TimeLeft | None = None
    ) -> None:
        """Write `title  12/30  about 40 s left  note`; steps are alike where no time is given."""
        if not self.live or not total:
            return
        left = self.pace.left(done, total) if time_left is None else time_left.seconds()
        said = "" if left is None or done >= total else in_words(left)
        filled = _WIDTH * done // total
        bar = "█" * filled + "░" * (_WIDTH - filled)
        counted = f" {done:,}/{total:,}"
        self._write(self.title, f" {bar}{counted}  {said}  {note}", f"{counted}  {said}", counted)

    def count(self, done: int) -> None:
        """Write `title  12,000`, for work of unknown size."""
        if self.live:
            self._write(self.title, f"  {done:,}")

    def say(self, words: str) -> None:
        """Write `title  words`, for a step of unknown duration."""
        if self.live:
            self._write(f"{self.title}  {words}", "")

    def _write(self, title: str, *ends: str) -> None:
        """Write the first end that leaves the title whole; behind the last one it is cut.

        A line that wraps could not be overwritten: every step would leave a line behind.
        """
        room = terminal_width(self.out) - 1  # many terminals wrap once the last column is taken
        fitting = (end for end in ends if display_width(title + end.rstrip()) <= room)
        end = next(fitting, ends[-1])
        shown = cut(title, room - display_width(end.rstrip())) + end
        shown = shown if display_width(shown) <= room else cut(shown.rstrip(), room)
        self.out.write(f"\r\x1b[K{shown}")
        self.out.flush()

    def close(self) -> None:
        """Clear the line for the output that follows."""
        if self.live:
            self.out.write("\r\x1b[K")
            self.out.flush()


def tell(line: str) -> None:
    """Write a line to stderr in place of a progress line that may stand there."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}lora-harness: {line}\n")
    sys.stderr.flush()


def in_words(seconds: float) -> str:
    """Say how long it still takes: `about 40 s left`."""
    return f"{about(seconds)} left"


def about(seconds: float) -> str:
    """Round to a precision that an estimate deserves: `about 40 s`, `about 1.5 h`."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"
