"""Is it time to retrain? Weekly evidence that a rate has risen above the acceptable one.

Shiryaev-Roberts over a few sizes of rise (STATISTICS 4). A week may be unfinished: the evidence
then only lacks what is yet to come, and the time between false alarms stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log

from harness.alarm.wilson import wilson
from harness.judge.wording import number, percent
from harness.records import ALARM, AlarmState, Course, RetrainLine, Signal, Watched, WeekEvidence

RISES = (0.5, 1.0, 2.0, 4.0)
"""Rises that are looked for, in steps from the acceptable rate to the retrain line."""
WATCH = 20.0
"""Evidence that is worth a look: five years of steady weeks would show it now and then."""
REFERENCE_WEEKS = 8
"""Fewer weeks than this do not tell how much weeks differ by themselves."""
_LARGEST = 700.0
"""The largest exponent of a float."""


@dataclass(frozen=True, slots=True)
class WeekCount:
    """What one week holds for one rate."""

    name: str
    """2026-W47, or the month of a run."""
    n: int
    total: float
    """Sum of n values in 0..1: edit rates, or ones for what was rejected."""


class Dispersion:
    """How much more weeks differ than reviews drawn one by one would: Pearson's statistic.

    Its variance is p(1 - p), the one that the evidence assumes, for fractional values too: these
    vary less, so theirs comes out below 1 and counts as 1, which keeps the alarm on the safe side.
    """

    def __init__(self) -> None:
        self._weeks = 0
        self._n = self._total = self._squares = 0.0

    def add(self, week: WeekCount) -> None:
        """One more reference week; one without reviews tells nothing."""
        if week.n:
            self._weeks += 1
            self._n += week.n
            self._total += week.total
            self._squares += week.total**2 / week.n

    @property
    def known(self) -> bool:
        """Whether there are weeks enough."""
        return self._weeks >= REFERENCE_WEEKS

    @property
    def value(self) -> float:
        """At least 1."""
        if not self.known:
            return 1.0
        mean = self._total / self._n
        variance = mean * (1 - mean)
        if variance <= 0:
            return 1.0
        spread = self._squares - self._total**2 / self._n
        return max(1.0, spread / variance / (self._weeks - 1))


def course(weeks: Sequence[WeekCount], line: RetrainLine) -> Course:
    """The evidence week by week against one line; weeks without reviews are left out.

    The reference of a week's dispersion are the weeks before it: none judges itself.
    """
    rises = [_per_value(line.acceptable, raised) for raised in rises_of(line)]
    seen = Dispersion()
    found = []
    ratios = [0.0] * len(rises)
    for week in (week for week in weeks if week.n):
        dispersion = seen.value
        ratios = list(_grown(ratios, rises, week, dispersion))
        evidence = sum(ratios) / len(ratios)
        alarm = evidence >= ALARM
        found.append(
            WeekEvidence(week.name, week.n, week.total / week.n, dispersion, evidence, alarm)
        )
        if alarm:
            ratios = [0.0] * len(rises)
        seen.add(week)
    return Course(tuple(found), seen.value, seen.known)


def rises_of(line: RetrainLine) -> list[float]:
    """The rates that are looked for; none further than half way from the line to 1."""
    step = line.retrain - line.acceptable
    return [min(line.acceptable + rise * step, (1 + line.retrain) / 2) for rise in RISES]


def _per_value(acceptable: float, raised: float) -> tuple[float, float]:
    """What a full 1 and a full 0 add to the log-likelihood ratio."""
    return log(raised / acceptable), log((1 - raised) / (1 - acceptable))


def _grown(
    ratios: Sequence[float],
    rises: Sequence[tuple[float, float]],
    week: WeekCount,
    dispersion: float,
) -> Iterator[float]:
    for ratio, (one, zero) in zip(ratios, rises, strict=True):
        weight = (week.total * one + (week.n - week.total) * zero) / dispersion
        yield (1 + ratio) * exp(min(weight, _LARGEST))


RECENT = 4
"""Weeks with reviews over which a rate is shown as the rate now."""
ENOUGH = 20
"""Reviews since the count began below which it is too early to say."""
_TOLD = 1_000_000
"""Evidence beyond which the number itself says nothing more."""
GRAVEST: tuple[AlarmState, ...] = ("retrain", "watch", "steady")
TITLES: dict[Signal, str] = {
    "edit_rate": "edit rate",
    "rejection_rate": "rejection rate",
    "benchmark": "benchmark",
}


def watched(
    signal: Signal,
    weeks: Sequence[WeekCount],
    line: RetrainLine | None,
    counted_after: int = 0,
) -> Watched:
    """One signal by its weeks since the count began, or by the benchmark's runs."""
    now = [week for week in weeks if week.n][-RECENT if signal != "benchmark" else -1 :]
    n, total = sum(week.n for week in now), sum(week.total for week in now)
    rate = total / n if n else None
    low, high = (None, None) if rate is None else wilson(rate, n)
    found = course(weeks, line) if line else Course()
    state, said = _state(signal, found, line, counted_after)
    where = _where(signal, rate, low, high, n, line)
    reasons = tuple(f"{TITLES[signal]}: {text}" for text in (*said, *where))
    return Watched(signal, state, reasons, line, rate, n, low, high, found, counted_after)


def gravest(states: Iterable[AlarmState]) -> AlarmState:
    """Retrain before watch before steady; of nothing, nobody can say that it is steady."""
    found = set(states)
    return next((state for state in GRAVEST if state in found), "watch")


def _state(
    signal: Signal, found: Course, line: RetrainLine | None, counted_after: int
) -> tuple[AlarmState, tuple[str, ...]]:
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
    return _by_last(found.weeks[-1:], line)


def _by_last(last: Sequence[WeekEvidence], line: RetrainLine) -> tuple[AlarmState, tuple[str, ...]]:
    """Whether the newest week alone is surely above the line."""
    for week in last:
        low = wilson(week.rate, week.n)[0]
        if low > line.retrain:
            return "watch", (
                f"{week.week} alone is surely above the line, {percent(low)} at least",
            )
    return "steady", ()


def _where(
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
    if value >= _TOLD:
        return f"more than {_TOLD:,}"
    return f"{value:,.0f}" if value >= 10 else number(value)
