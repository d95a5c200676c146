"""The state of a task and the sentences that explain it, from everything known about the task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.alarm.alarm import gravest
from harness.judge.wording import listed, number, percent
from harness.records import AlarmState, Drift, Driver, InputShift, Watched
from harness.text.quoting import ADDED, REMOVED, UNLIKE

QUOTED = 60
"""Characters of an input that a reason quotes."""


def state_of(watched: Sequence[Watched]) -> AlarmState:
    """Return the gravest state of the signals with a line; without any line, `watch`."""
    return gravest(
        one.state for one in watched if one.line and (one.n or one.signal != "benchmark")
    )


def reasons_of(
    watched: Sequence[Watched],
    drivers: Sequence[Driver],
    drifts: Sequence[Drift],
    inputs: InputShift | None,
) -> tuple[str, ...]:
    """Return the deciding sentences first, then explanations; edited words only unless steady."""
    order = {"retrain": 0, "watch": 1, "steady": 2}
    said = [r for one in sorted(watched, key=lambda w: order[w.state]) for r in one.reasons]
    steady = state_of(watched) == "steady"
    why = [one for one in drivers if not steady or one.kind in ("slice", "reviewer")]
    return (*said, *map(_driver, why), *_fallen(drifts), *_inputs(inputs))


def _driver(one: Driver) -> str:
    if one.kind == "slice":
        return f"slice {one.name}: edit rate {_rate(one)}"
    if one.kind == "reviewer":
        return (
            f"reviewer {one.name}: edit rate {_rate(one)}, all others {percent(one.rest or 0.0)};"
            " it may be the reviewer, not the adapter"
        )
    times, total = round(one.rate * one.n), one.n
    if one.kind == "removed":
        return REMOVED.say(one.name) + f"{times} of the {total} outputs that had it"
    return ADDED.say(one.name) + f"{times} of the {total} finals that have it"


def _rate(one: Driver) -> str:
    return f"{percent(one.rate)} [{percent(one.low)}, {percent(one.high)}] of {one.n} reviews"


def _fallen(drifts: Sequence[Drift]) -> Iterator[str]:
    for drift in drifts:
        if not drift.fallen:
            continue
        means = "; ".join(
            f"{name.replace('_', ' ')} {number(then)}, now {number(now)}"
            for name, (then, now) in drift.means.items()
        )
        yield f"benchmark {drift.benchmark}: fell on {listed(drift.fallen)} ({means})"


def _inputs(inputs: InputShift | None) -> Iterator[str]:
    if inputs is None or not inputs.shown or inputs.p is None:
        return
    far = inputs.farthest[0] if inputs.farthest else ""
    shown = " ".join(far.split())
    shown = shown if len(shown) <= QUOTED else shown[:QUOTED] + "…"
    yield UNLIKE.say(shown, inputs.n, inputs.cases, f"{inputs.p:.2g}")
