"""Estimate the time left of work whose kinds differ in cost, done by one process or by many.

Tested in tests/test_progress.py and tests/flows/evaluation/test_time_left.py.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_WINDOW = 180.0
"""Seconds over which a time left looks how slow the machine is: single texts differ much."""
_SURE = 2.0
"""Seconds before the first estimate."""
_APART = 0.2
"""Seconds between two samples, which bounds their number."""


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
        self._seconds: defaultdict[str, float] = defaultdict(float)
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
            sample = _Sample(now, self._done.copy(), sum(self._seconds.values()), self._worked(now))
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
        took = sum(self._seconds.values()) - first.seconds
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
        return sum(self._seconds.values()) + going

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
