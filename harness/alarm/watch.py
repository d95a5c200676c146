"""Steady, watch or retrain: what a signal's evidence and its rate now come to.

Retrain while an alarm is not acknowledged; watch where it is worth a look, or too few to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.alarm.alarm import WATCH, Week, course
from harness.alarm.wilson import wilson
from harness.judge.wording import number, percent
from harness.records import ALARM, Course, Health, RetrainLine, Signal, Watched, Weighed

RECENT = 4
"""Weeks with reviews over which a rate is shown as the rate now."""
ENOUGH = 20
"""Reviews since the count began below which it is too early to say."""
_TOLD = 1_000_000
"""Evidence beyond which the number itself says nothing more."""
GRAVEST: tuple[Health, ...] = ("retrain", "watch", "steady")
TITLES: dict[Signal, str] = {
    "edit_rate": "edit rate",
    "rejection_rate": "rejection rate",
    "benchmark": "benchmark",
}


def watched(
    signal: Signal,
    weeks: Sequence[Week],
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


def gravest(states: Iterable[Health]) -> Health:
    """Retrain before watch before steady; of nothing, nobody can say that it is steady."""
    found = set(states)
    return next((state for state in GRAVEST if state in found), "watch")


def _state(
    signal: Signal, found: Course, line: RetrainLine | None, counted_after: int
) -> tuple[Health, tuple[str, ...]]:
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


def _by_last(last: Sequence[Weighed], line: RetrainLine) -> tuple[Health, tuple[str, ...]]:
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
