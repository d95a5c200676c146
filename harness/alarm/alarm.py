"""The retraining alarm: weekly evidence that a rate has risen above the acceptable rate.

The statistic is Shiryaev-Roberts over a few sizes of rise; `judge/README.md` has the formula. A
week may be unfinished: its evidence then lacks only what is yet to come, and the mean time between
false alarms does not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

from harness.alarm.wilson import wilson
from harness.judge.wording import number, percent
from harness.records import ALARM, AlarmState, Course, RetrainLine, Signal, Watched, WeekEvidence

RISES = (0.5, 1.0, 2.0, 4.0)
"""Rises that are looked for, in steps from the acceptable rate to the retrain line."""
WATCH = 20.0
"""Evidence from which the state is `watch`: five steady years would reach it now and then."""
REFERENCE_WEEKS = 8
"""Weeks needed to estimate how much weeks differ by themselves."""
RECENT = 4
"""Weeks with reviews over which the current rate is taken."""
ENOUGH = 20
"""Reviews since the count began below which it is too early to say."""
GRAVEST: tuple[AlarmState, ...] = ("retrain", "watch", "steady")
TITLES: dict[Signal, str] = {
    "edit_rate": "edit rate",
    "rejection_rate": "rejection rate",
    "benchmark": "benchmark",
}
_MAX_EXPONENT = 700.0
"""`exp` of a float overflows a little above this."""
_MAX_SHOWN = 1_000_000
"""Evidence beyond this is shown as "more than", since the figure itself adds no information."""


@dataclass(frozen=True, slots=True)
class WeekCount:
    """The count and sum of a rate in a week."""

    name: str
    """2026-W47, or the month of a run."""
    n: int
    total: float
    """Sum of n values in 0..1: edit rates, or 1 for each rejection."""


def watched(
    signal: Signal,
    weeks: Sequence[WeekCount],
    line: RetrainLine | None,
    counted_after: int = 0,
) -> Watched:
    """Judge a signal by its weeks since the count began, or by the benchmark's runs."""
    recent = [week for week in weeks if week.n][-RECENT if signal != "benchmark" else -1 :]
    n, total = sum(week.n for week in recent), sum(week.total for week in recent)
    rate = total / n if n else None
    low, high = (None, None) if rate is None else wilson(rate, n)
    found = course(weeks, line) if line else Course()
    state, why = _state(signal, found, line, counted_after)
    current = _current_rate(signal, rate, low, high, n, line)
    reasons = tuple(f"{TITLES[signal]}: {text}" for text in (*why, *current))
    return Watched(signal, state, reasons, line, rate, n, low, high, found, counted_after)


def gravest(states: Iterable[AlarmState]) -> AlarmState:
    """Return the gravest state; no state at all is `watch`, since steadiness was not observed."""
    found = set(states)
    return next((state for state in GRAVEST if state in found), "watch")


def course(weeks: Sequence[WeekCount], line: RetrainLine) -> Course:
    """Return the evidence week by week against a line; weeks without reviews are left out.

    A week's dispersion is estimated from the weeks before it, so that no week judges itself.
    """
    # What a full 1 and a full 0 add to the log-likelihood ratio, for each rise.
    gains = [
        (log(raised / line.acceptable), log((1 - raised) / (1 - line.acceptable)))
        for raised in rises_of(line)
    ]
    seen = Dispersion()
    found = []
    ratios = [0.0] * len(gains)
    for week in (week for week in weeks if week.n):
        dispersion = seen.value
        for i, (ratio, (one, zero)) in enumerate(zip(ratios, gains, strict=True)):
            weight = (week.total * one + (week.n - week.total) * zero) / dispersion
            ratios[i] = (1 + ratio) * exp(min(weight, _MAX_EXPONENT))
        evidence = sum(ratios) / len(ratios)
        alarm = evidence >= ALARM
        found.append(
            WeekEvidence(week.name, week.n, week.total / week.n, dispersion, evidence, alarm)
        )
        # After an alarm the detector restarts, as its mean time between false alarms assumes.
        if alarm:
            ratios = [0.0] * len(gains)
        # Added last, so that the week's own scatter does not weaken its evidence.
        seen.add(week)
    return Course(tuple(found), seen.value, seen.known)


def rises_of(line: RetrainLine) -> list[float]:
    """Return the rates that are looked for, none further than half way from the line to 1."""
    step = line.retrain - line.acceptable
    return [min(line.acceptable + rise * step, (1 + line.retrain) / 2) for rise in RISES]


class Dispersion:
    """Pearson's dispersion: how much more weeks differ than independent reviews would.

    The variance is taken as p(1 - p), as the evidence assumes, for fractional values too. These
    vary less, so their dispersion comes out below 1 and counts as 1: the alarm stays cautious.
    """

    def __init__(self) -> None:
        self._weeks = 0
        self._n = self._total = self._squares = 0.0

    def add(self, week: WeekCount) -> None:
        """Add a reference week; a week without reviews is ignored."""
        if week.n:
            self._weeks += 1
            self._n += week.n
            self._total += week.total
            self._squares += week.total**2 / week.n

    @property
    def known(self) -> bool:
        """Whether there are enough reference weeks."""
        return self._weeks >= REFERENCE_WEEKS

    @property
    def value(self) -> float:
        """The estimate, at least 1."""
        if not self.known:
            return 1.0
        mean = self._total / self._n
        variance = mean * (1 - mean)
        if variance <= 0:
            return 1.0
        # The weighted sum of squares of weekly rates around their mean, from running sums.
        spread = self._squares - self._total**2 / self._n
        return max(1.0, spread / variance / (self._weeks - 1))


def _state(
    signal: Signal, found: Course, line: RetrainLine | None, counted_after: int
) -> tuple[AlarmState, tuple[str, ...]]:
    """Return the state of a signal and the sentence that explains it, if any."""
    if line is None:
        return "watch", ("no line is declared for it",)
    if found.alarms:
        first = found.alarms[0]
        return "retrain", (
            f"alarm in {first.week}, evidence {_evidence(first.evidence)} where {ALARM:.0f} raise"
            " it, not acknowledged",
        )
    if signal != "benchmark" and not found.n:
        since = "since its alarm was acknowledged" if counted_after else "yet"
        return "watch", (f"no review of the promoted adapter {since}",)
    if signal != "benchmark" and found.n < ENOUGH:
        return "watch", (f"{found.n} reviews are too few to say, {ENOUGH} are needed",)
    if found.evidence >= WATCH:
        return "watch", (
            f"evidence {_evidence(found.evidence)}, an alarm is raised at {ALARM:.0f}",
        )
    # One bad week is no evidence of a lasting rise, but it is worth a look.
    for week in found.weeks[-1:]:
        low = wilson(week.rate, week.n)[0]
        if low > line.retrain:
            return "watch", (
                f"{week.week} alone is surely above the line, {percent(low)} at least",
            )
    return "steady", ()


def _current_rate(
    signal: Signal,
    rate: float | None,
    low: float | None,
    high: float | None,
    n: int,
    line: RetrainLine | None,
) -> tuple[str, ...]:
    if rate is None or low is None or high is None:
        return ()
    if signal == "benchmark":
        return (
            f"{round(rate * n)} of {n} cases are below their own first score by more than the"
            " margin",
        )
    drawn = f", line {percent(line.retrain)}" if line else ""
    return (f"{percent(rate)} [{percent(low)}, {percent(high)}] of {n} recent reviews{drawn}",)


def _evidence(value: float) -> str:
    if value >= _MAX_SHOWN:
        return f"more than {_MAX_SHOWN:,}"
    return f"{value:,.0f}" if value >= 10 else number(value)
