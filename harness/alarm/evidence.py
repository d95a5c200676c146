"""Weigh week by week the evidence that a rate has risen above the acceptable rate.

The statistic is a weighted Shiryaev-Roberts sum over start weeks and sizes of rise, on
beta-binomial likelihood ratios; `README.md` explains and measures it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.alarm.scatter import Floats, Scatter, dispersion, log_likelihood
from harness.alarm.week_count import WeekCount
from harness.libraries import special
from harness.records import Course, RetrainLine, WeekEvidence

RISES = {1.0: 0.30, 2.0: 0.35, 3.0: 0.25, 6.0: 0.10}
"""Rises that are looked for, in steps from the acceptable rate to the retrain line; weights."""
TYPICAL = 2.0
"""The rise, in the same steps, by which time and information are measured."""
ENOUGH_TO_SEE = 4.0
"""Expected log-evidence that shows a rise at one false alarm in ten years."""
SHARPNESS = 6.0
"""How strongly start weeks are preferred that lie `ENOUGH_TO_SEE` back."""
FLOOR = 0.1
"""The least weight of a start week, for the sake of small rises that take long to see."""
OLDEST = 6.0
"""Start weeks further back than this many times `ENOUGH_TO_SEE` no longer count."""
SPAN = 0.5
"""The most of `ENOUGH_TO_SEE` that a week counts for, however many reviews it has."""
SCALE = 0.41
"""The sum that false alarms A weeks apart need is this times A; found by simulation."""
CAUTION = 0.01
"""The learnt correlation at which twice the evidence is asked for, as it may be larger still."""
MAX_CAUTION = 2.3
"""The most times the evidence that is asked for on that account."""
_LEAST = 1e-6
"""Reviews that a week without any counts for where a logarithm of their number is taken."""
_MAX_EXPONENT = 700.0
"""`exp` of a float overflows a little above this."""


def course(
    weeks: Sequence[WeekCount],
    line: RetrainLine,
    earlier: Sequence[Sequence[WeekCount]] = (),
) -> Course:
    """Return the evidence week by week against a line; weeks without reviews are left out.

    `earlier` weeks of the task, one sequence for each adapter, only tell how much weeks scatter.
    """
    detector = Detector(line)
    reference = sum(_teach(detector, adapter, line) for adapter in earlier)
    found = []
    for week in (week for week in weeks if week.n):
        scatter = float(detector.scatter[0])
        evidence = float(detector.add(np.array([week.n]), np.array([week.total]))[0])
        found.append(
            WeekEvidence(
                week=week.name,
                n=week.n,
                rate=week.total / week.n,
                dispersion=float(dispersion(week.n, scatter)),
                evidence=evidence,
                alarm=evidence >= line.weeks_between_false_alarms,
                scatter=scatter,
            )
        )
    return Course(tuple(found), reference + len(found))


def _teach(detector: Detector, weeks: Sequence[WeekCount], line: RetrainLine) -> int:
    """Let a detector learn from an adapter's weeks before its first alarm; return their number."""
    before = Detector(line)
    taught = 0
    for week in (week for week in weeks if week.n):
        n, total = np.array([week.n]), np.array([week.total])
        # A week that raised the alarm is no example of how weeks scatter by themselves.
        if before.add(n, total)[0] >= line.weeks_between_false_alarms:
            break
        detector.learnt.add(n, total)
        taught += 1
    detector.learnt.begin_anew()
    return taught


def rises_of(line: RetrainLine) -> list[float]:
    """Return the rates that are looked for, none further than half way from the line to 1."""
    return [_risen(line, steps) for steps in RISES]


class Detector:
    """The evidence of one series of weeks, or of many at once, week by week."""

    def __init__(self, line: RetrainLine, series: int = 1) -> None:
        self.learnt = Scatter(line.acceptable, series)
        self._line = line
        self._series = series
        # For each week in which the rise may have begun: log-likelihood ratios and age.
        self._ratios = np.zeros((0, len(RISES), series))
        self._ages = np.zeros((0, series))

    @property
    def scatter(self) -> Floats:
        """The correlation within a week that the next week is judged by."""
        if self._line.scatter is not None:
            return np.full(self._series, self._line.scatter)
        return self.learnt.value

    def add(self, n: Floats, total: Floats) -> Floats:
        """Add a week and return the evidence, as the weeks between false alarms of that strength.

        After an alarm a series restarts, as its mean time between false alarms assumes.
        """
        scatter = self.scatter
        # Each review's expected log-evidence if the rate has risen, and the week's.
        raised, acceptable = _risen(self._line, TYPICAL), self._line.acceptable
        gain = special.xlogy(raised, raised / acceptable)
        gain += special.xlogy(1 - raised, (1 - raised) / (1 - acceptable))
        information = np.maximum(n, _LEAST) * gain / dispersion(n, scatter)
        self._begin(n, total, scatter, information)
        caution = np.minimum(MAX_CAUTION, 1 + scatter / CAUTION)
        if self._line.scatter is not None:
            caution = np.ones(self._series)
        evidence = self._sum() / overshoot(information) / caution / SCALE
        self._ratios[:, :, evidence >= self._line.weeks_between_false_alarms] = -np.inf
        if self._line.scatter is None:
            # Learnt last, so that the week's own scatter does not weaken its evidence.
            self.learnt.add(n, total)
        return evidence

    def _begin(self, n: Floats, total: Floats, scatter: Floats, information: Floats) -> None:
        """Add a start in this week, and the week to every start; forget the oldest starts."""
        under = log_likelihood(total, n, self._line.acceptable, scatter)
        rates = np.array(rises_of(self._line))[:, None]
        gained = log_likelihood(total, n, rates, scatter) - under
        # No rise begins in a week without reviews: it would count as the next week's once more.
        new = np.broadcast_to(np.where(n > 0, 0.0, -np.inf), (1, len(RISES), self._series))
        self._ratios = np.concatenate([self._ratios, new]) + gained
        span = np.minimum(SPAN, information / ENOUGH_TO_SEE)
        self._ages = np.concatenate([self._ages, np.zeros((1, self._series))]) + span
        kept = (self._ages <= OLDEST).any(axis=1)
        self._ratios, self._ages = self._ratios[kept], self._ages[kept]

    def _sum(self) -> Floats:
        """Return the weighted sum of the likelihood ratios."""
        # 1 for starts that lie ENOUGH_TO_SEE back, less for later and for earlier ones.
        preferred = np.exp(SHARPNESS * (np.log(self._ages) + 1 - self._ages))
        weights = np.where(self._ages > OLDEST, -np.inf, np.log(np.maximum(FLOOR, preferred)))
        ratios = np.exp(np.minimum(self._ratios + weights[:, None], _MAX_EXPONENT))
        return np.asarray(np.array(list(RISES.values())) @ ratios.sum(axis=0))


def overshoot(information: Floats) -> Floats:
    """Return by how much evidence exceeds a limit when it passes it: the mean of limit / evidence.

    Siegmund and Yakir's approximation for steps of this expected log-evidence. Without it larger
    weeks would raise fewer false alarms than was asked for, and find a rise later.
    """
    half = np.sqrt(2 * information) / 2
    bell = np.exp(-half * half / 2) / np.sqrt(2 * np.pi)
    return np.asarray((special.ndtr(half) - 0.5) / half / (half * special.ndtr(half) + bell))


def _risen(line: RetrainLine, steps: float) -> float:
    step = line.retrain - line.acceptable
    return min(line.acceptable + steps * step, (1 + line.retrain) / 2)
