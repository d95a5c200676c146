"""Whether the adapter in production is still good, and why, in sentences.

Tested in tests/flows/queries/test_standing.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.flows.queries.health import RateLine, TaskHealth
from harness.flows.queries.points import Point
from harness.flows.queries.shared import PageRate
from harness.records import LOWER_IS_BETTER, AlarmState, Decision
from harness.records.holds import EXACT, QUOTING
from harness.text.figures import count, day, metric_title, percent, score, signed

_ANSWERS: dict[AlarmState | None, str] = {
    "steady": "still good",
    "watch": "to be watched",
    "retrain": "no longer good, time to retrain",
    None: "nothing says whether it is still good",
}
_NAMED = 3
"""Slices that are named at most."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer to whether the adapter in production is still good."""

    answer: str = field(metadata=QUOTING)
    """adapter_v2 is still good"""
    state: AlarmState | None = field(metadata=EXACT)
    """None where neither a line nor a review says anything."""
    reasons: tuple[str, ...] = field(metadata=QUOTING)


def standing(
    held: Decision,
    health: TaskHealth,
    metric: str,
    path: Sequence[Point],
    slices: Iterable[tuple[str, float | None]],
    margin: float | None,
) -> Standing:
    """Return the answer with its reasons: reviews, runs, and the slices that fell most."""
    told = health.state != "steady"
    return Standing(
        f"{held.adapter} is {_ANSWERS[health.state]}" if health.state else _unknown(held),
        health.state,
        (
            *_rate("edit rate", health.edit, health.edit_line, told),
            *_rate("rejection rate", health.rejection, health.rejection_line, told),
            *_runs(held, metric, path),
            *_fallen(slices, metric, margin),
            *(health.why if told else ()),
        ),
    )


def _unknown(held: Decision) -> str:
    return f"{held.adapter} is in production; {_ANSWERS[None]}"


def _rate(name: str, rate: PageRate, line: RateLine, told: bool) -> tuple[str, ...]:
    """Say a rate with its lines; `told` if the reasons say that of a rate without one."""
    if rate.value is None or (told and line.retrain is None):
        return ()
    limits = [
        f"{words} {percent(limit)}"
        for words, limit in (("fine to", line.acceptable), ("retrain from", line.retrain))
        if limit is not None
    ]
    return (", ".join([f"{name} {percent(rate.value)} of {count(rate.n, 'review')}", *limits]),)


def _runs(held: Decision, metric: str, path: Sequence[Point]) -> tuple[str, ...]:
    """Say what the benchmark showed at the promotion, and in the newest run since."""
    term = [point for point in path if point.at >= held.at]
    if not term or not metric:
        return ()
    began, newest = term[0], term[-1]
    first = f"{metric_title(metric)} {score(began.mean)} when it was promoted, {day(held.at)}"
    if len(term) == 1:
        return (f"{first}; not run again since",)
    if began.fingerprint != newest.fingerprint:
        return (f"{first}; {score(newest.mean)} on a newer version of the benchmark",)
    return (f"{first}; {score(newest.mean)} in its newest run, {day(newest.at)}",)


def _fallen(
    slices: Iterable[tuple[str, float | None]], metric: str, margin: float | None
) -> tuple[str, ...]:
    """Name the slices that fell by more than the margin since the first run of this version."""
    sign = -1 if metric in LOWER_IS_BETTER else 1
    least = margin or 0.0
    fell = sorted((sign * moved, name, moved) for name, moved in slices if moved is not None)
    named = [f"{name} ({signed(moved)})" for worse, name, moved in fell if worse < -least]
    if not named:
        return ()
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return (f"fell most: {', '.join(named[:_NAMED])}{more}",)
