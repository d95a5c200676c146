"""Give the state of a signal: steady, watch or retrain, with the sentences that explain it.

`evidence.py` weighs the weeks; `README.md` says what the words mean. Tested in
tests/alarm/test_watch.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.alarm.evidence import course
from harness.alarm.week_count import WeekCount
from harness.alarm.wilson import wilson
from harness.judge.wording import number, percent
from harness.records import AlarmState, Course, RetrainLine, Signal, Watched

WATCH = 1 / 13
"""Share of the alarm's evidence from which the state is `watch`; steady years reach it at times."""
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
_MAX_SHOWN = 1_000_000
"""Evidence beyond this is shown as "more than", since the figure itself adds no information."""


def watched(
    signal: Signal,
    weeks: Sequence[WeekCount],
    line: RetrainLine | None,
    counted_after: int = 0,
    earlier: Sequence[Sequence[WeekCount]] = (),
) -> Watched:
    """Judge a signal by its weeks since the count began, or by the benchmark's runs.

    `earlier` weeks of the task, one sequence for each adapter, tell how much weeks scatter.
    """
    recent = [week for week in weeks if week.n][-RECENT if signal != "benchmark" else -1 :]
    n, total = sum(week.n for week in recent), sum(week.total for week in recent)
    rate = total / n if n else None
    low, high = (None, None) if rate is None else wilson(rate, n)
    found = course(weeks, line, earlier) if line else Course()
    state, why = _state(signal, found, line, counted_after)
    current = _current_rate(signal, rate, low, high, n, line)
    reasons = tuple(f"{TITLES[signal]}: {text}" for text in (*why, *current))
    return Watched(signal, state, reasons, line, rate, n, low, high, found, counted_after)


def gravest(states: Iterable[AlarmState]) -> AlarmState:
    """Return the gravest state; no state at all is `watch`, since steadiness was not observed."""
    found = set(states)
    return next((state for state in GRAVEST if state in found), "watch")


def _state(
    signal: Signal, found: Course, line: RetrainLine | None, counted_after: int
) -> tuple[AlarmState, tuple[str, ...]]:
    """Return the state of a signal and the sentence that explains it, if any."""
    if line is None:
        return "watch", ("no line is declared for it",)
    needed = line.weeks_between_false_alarms
    if found.alarms:
        first = found.alarms[0]
        return "retrain", (
            f"alarm in {first.week}, evidence {_evidence(first.evidence)} where {needed:.0f} raise"
            " it, not acknowledged",
        )
    if signal != "benchmark" and not found.n:
        since = "since its alarm was acknowledged" if counted_after else "yet"
        return "watch", (f"no review of the promoted adapter {since}",)
    if signal != "benchmark" and found.n < ENOUGH:
        return "watch", (f"{found.n} reviews are too few to say, {ENOUGH} are needed",)
    if found.evidence >= WATCH * needed:
        return "watch", (
            f"evidence {_evidence(found.evidence)}, an alarm is raised at {needed:.0f}",
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
