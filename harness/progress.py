"""Show progress on stderr, only if it is a terminal, with an honest estimate of the time left."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from harness.text.table import cut, display_width

OnProgress = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and how much there is."""

_WIDTH = 20
_SECONDS = 60.0
_STEPS = 512
"""A pace covers the last minute and at least this many steps: generation and scoring alternate, and
the two differ much in speed."""
_APART = 0.2
"""Seconds between two samples, which bounds their number."""
_WINDOW = 180.0
"""Seconds over which a time left looks how slow the machine is: single texts differ much."""
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


@dataclass(frozen=True, slots=True)
class _Sample:
    """What was done by a time."""

    at: float
    done: Counter[str]
    """By kind."""
    seconds: float
    """What processes took for that."""
    worked: float
    """The same, with what they had done of batches that were under way."""


@dataclass
class _UnderWay:
    """A batch that a process is at."""

    since: float
    """When it was begun, and later by what its parts took that came back."""
    whole: Counter[str]
    """All of it, by kind."""
    units: Counter[str]
    """Left of it."""
    loading: bool
    """Whether a model is loaded for it first, as long as nothing came back."""


class TimeLeft:
    """The time left of work whose kinds differ in cost, done by one process or by many.

    Each kind's cost follows from what was done of it; how slow the machine is, and how many
    processes are busy, from the last minutes of all kinds together. So a kind of which little was
    done so far counts with its own cost.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._units: Counter[str] = Counter()
        """Left, by kind."""
        self._guesses: dict[str, float] = {}
        """What a unit may cost in relation to other kinds, as long as none of its kind was done."""
        self._done: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        """What a process took for that, by kind."""
        self._load: float | None = None
        """Seconds of loading a model, at most; None as long as none was loaded."""
        self._under_way: dict[int, _UnderWay] = {}
        self._samples: deque[_Sample] = deque()
        self.processes = 1
        self.afterwards = 0.0
        """Seconds of what follows this work."""

    def expect(self, kind: str, units: int, guess: float = 1.0) -> None:
        """Add work that is to be done."""
        self._units[kind] += units
        self._guesses[kind] = guess

    def drop(self, kind: str, units: int) -> None:
        """Take work out that will not be done."""
        self._units[kind] -= units

    def begin(self, batch: int, units: Counter[str], loading: bool = False) -> None:
        """Note that a process begins a batch: some of it will be done before it comes back.

        `loading`: it loads a model first, which does not come again.
        """
        self._under_way[batch] = _UnderWay(self._clock(), units.copy(), units, loading)

    def end(self, batch: int) -> None:
        """Note that nothing more comes back of a batch."""
        self._under_way.pop(batch, None)

    def did(self, kind: str, units: int, seconds: float, batch: int | None = None) -> None:
        """Count work, perhaps of a batch, and the seconds that a process took for it."""
        now = self._clock()
        self._units[kind] -= units
        begun = None if batch is None else self._under_way.get(batch)
        if begun is not None and begun.loading:
            if self._load is None:  # what came before says nothing of the pace
                self._samples.clear()
            self._load = min(seconds, self._load or seconds)
        else:
            self._done[kind] += units
            self._seconds[kind] += seconds
        if begun is not None and batch is not None:
            begun.loading = False
            begun.since += seconds
            begun.units[kind] -= units
            if begun.units.total() <= 0:
                self.end(batch)
        if not self._samples or now - self._samples[-1].at >= _APART:
            sample = _Sample(now, self._done.copy(), self._seconds.total(), self._worked(now))
            self._samples.append(sample)
        while len(self._samples) > 2 and now - self._samples[1].at >= _WINDOW:
            self._samples.popleft()

    def seconds(self) -> float | None:
        """Estimate the seconds left; None until known."""
        if not self._samples:
            return None
        now, costs, first = self._clock(), self._costs(), self._samples[0]
        passed, worked = now - first.at, self._worked(now) - first.worked
        usual = sum(costs[kind] * (n - first.done[kind]) for kind, n in self._done.items())
        took = self._seconds.total() - first.seconds
        if passed < _SURE or worked <= 0 or not usual or not took:
            return None
        slow, busy = took / usual, worked / passed
        left = slow * _cost(costs, self._units)
        for one in self._under_way.values():
            left -= min(self._elapsed(one, now), slow * _cost(costs, one.units))
        # At the end of a batch the other processes have none left, for half of it on average.
        longest = max((_cost(costs, one.whole) for one in self._under_way.values()), default=0.0)
        waiting = slow * longest / 2 * (self.processes - 1) / self.processes
        return max(0.0, left) / busy + waiting + self.afterwards

    def _worked(self, now: float) -> float:
        """Return the seconds that all processes worked, those for batches under way too."""
        going = sum(self._elapsed(one, now) for one in self._under_way.values())
        return self._seconds.total() + going

    def _elapsed(self, begun: _UnderWay, now: float) -> float:
        """Return the seconds that a process has been at a batch, after it loaded a model."""
        return max(0.0, now - begun.since - (self._load or 0.0) * begun.loading)

    def _costs(self) -> dict[str, float]:
        """Return the seconds of a process for a unit of each kind."""
        known = {kind: self._seconds[kind] / n for kind, n in self._done.items() if n}
        guessed = sum(self._guesses[kind] * self._done[kind] for kind in known)
        scale = sum(self._seconds[kind] for kind in known) / guessed if guessed else 0.0
        return {kind: guess * scale for kind, guess in self._guesses.items()} | known


def _cost(costs: Mapping[str, float], units: Mapping[str, int]) -> float:
    return sum(costs[kind] * number for kind, number in units.items())


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
