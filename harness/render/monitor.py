"""The monitor's answer to "is it time to retrain?": per task a table of signals, then the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.records import (
    ALARM,
    Age,
    InputShift,
    Monitored,
    Prediction,
    SetAside,
    Signal,
    Watched,
)
from harness.text import safe
from harness.text.figures import MISSING, count, day, percent, score, signed
from harness.text.plain import plain
from harness.text.table import hang, table

COLOURS = {"retrain": "31", "watch": "33", "steady": "32"}
TITLES: dict[Signal, str] = {
    "edit_rate": "edit rate",
    "rejection_rate": "rejection rate",
    "benchmark": "cases fallen",
}
HEAD = ("", "now", "95 %", "n", "acceptable", "line", "evidence", "state")
EXPLAINED = "cases fallen: below their own first score by more than the margin, in the newest run"
_SHAPED = ("task", "state", "reasons", "promoted")
"""Fields of `Monitored` that the JSON states itself, in an order and form that programs rely on."""


def monitor_text(found: Sequence[Monitored], width: int = 100, colour: bool = False) -> str:
    """Return every task under its own heading; say so if there is no task."""
    blocks = ["\n".join(_block(task, width, colour)) for task in found]
    return "\n\n".join(blocks) or "no task: a benchmark with `task = ...` makes one"


def _block(task: Monitored, width: int, colour: bool) -> Iterator[str]:
    state = task.state.upper()
    if colour:
        state = f"\x1b[{COLOURS[task.state]}m{state}\x1b[0m"
    heading = f"{state}  {safe.ci_log(task.task, limit=64)}"
    held = task.promoted
    if held is None:
        yield heading
        yield "  nothing is promoted yet; `pytest --model NAME` judges an adapter"
        return
    name, by = safe.ci_log(held.adapter, limit=130), safe.ci_log(held.by, limit=60)
    override = ", by override" if held.override else ""
    yield f"{heading}   {name}, promoted {day(held.at)} by {by}{override}"
    rows = [HEAD, *(_row(signal) for signal in task.watched)]
    yield from table(rows, "<><>>>><", indent=2)
    for label, text in _facts(task):
        yield from hang(f"  {label:10}", safe.ci_log(text), width)


def _row(watched: Watched) -> list[str]:
    interval = MISSING
    if watched.low is not None and watched.high is not None:
        interval = f"[{percent(watched.low)}, {percent(watched.high)}]"
    line = watched.line
    state: str = watched.state if line else "no line"
    if watched.signal == "benchmark" and not watched.n:
        state = "not run again"
    return [
        TITLES[watched.signal],
        percent(watched.rate),
        interval,
        str(watched.n),
        percent(line.acceptable) if line else MISSING,
        percent(line.retrain) if line else MISSING,
        _evidence(watched.evidence),
        state,
    ]


def _evidence(value: float | None) -> str:
    """Return an e-value with about three digits; its order of magnitude is all that counts."""
    if value is None:
        return MISSING
    if value >= 1e6:
        return "> 1,000,000"
    if value < 0.01:
        return "< 0.01"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


def _facts(task: Monitored) -> Iterator[tuple[str, str]]:
    """Yield labels and sentences below the table; an empty label continues the last label."""
    for number, reason in enumerate(task.reasons):
        yield ("why" if number == 0 else ""), reason
    if task.weeks:
        weeks = task.weeks[0]
        if len(task.weeks) > 1:
            weeks = f"{weeks} to {task.weeks[-1]}, {len(task.weeks)} weeks with reviews"
        yield "weeks", f"{weeks}; {count(task.reviews, 'review')} since the count began"
    if task.synthetic:
        yield "", f"SYNTHETIC: {count(task.synthetic, 'review')} of these nobody made"
    yield "evidence", _about_evidence(task)
    yield from _benchmark(task)
    if task.inputs is not None:
        yield "inputs", _inputs(task.inputs)
    if task.prediction is not None:
        yield "predicts", f"does the benchmark predict the edits? {_predicted(task.prediction)}"
    if task.age is not None:
        yield "age", _age(task.age)
    if task.set_aside is not None:
        yield "set aside", _set_aside(task.set_aside)
    if task.state == "retrain":
        yield "next", f"`lora-harness monitor --task {task.task} --plan` says what to train on,"
        yield (
            "",
            f'or `lora-harness monitor --acknowledge --task {task.task} --by YOU --why "..."`',
        )


def _about_evidence(task: Monitored) -> str:
    edits = task.signal("edit_rate")
    needed = _needed(task)
    text = f"{needed:.0f} raise the alarm: about {needed:.0f} weeks between two false ones"
    if edits is None or not edits.course.weeks:
        return text
    newest = edits.course.weeks[-1]
    differ = f"weeks are taken to differ {newest.dispersion:.2f} times as much as chance has them"
    if edits.line is not None and edits.line.scatter is not None:
        return f"{text}; {differ}, as the settings say"
    known = count(edits.course.reference, "week")
    return f"{text}; {differ} (correlation {newest.scatter:.3f}, learnt from {known})"


def _needed(task: Monitored) -> float:
    """Return the evidence that raises the alarm on edits."""
    edits = task.signal("edit_rate")
    return ALARM if edits is None or edits.line is None else edits.line.weeks_between_false_alarms


def _benchmark(task: Monitored) -> Iterator[tuple[str, str]]:
    for drift in task.drifts:
        means = "; ".join(
            f"{name.replace('_', ' ')} {score(now)} ({signed(now - then)})"
            for name, (then, now) in drift.means.items()
        )
        runs = f"{count(drift.runs, 'run')}, {day(drift.first)} to {day(drift.last)}"
        yield "benchmark", f"{drift.benchmark}: {means}; {count(drift.n, 'case')}, {runs}"
        yield "", EXPLAINED
    if not task.drifts:
        yield "benchmark", "not run again since its promotion: `lora-harness monitor --run`"


def _inputs(inputs: InputShift) -> str:
    if inputs.p is None or inputs.distance is None:
        return f"not compared with the benchmark's: {inputs.skipped}"
    verdict = "unlike" if inputs.shown else "not shown to be unlike"
    return (
        f"{inputs.n} recent ones are {verdict} the benchmark's {inputs.cases}"
        f" (energy distance {inputs.distance:.3f}, p {inputs.p:.3g} by permutation)"
    )


def _predicted(found: Prediction) -> str:
    name = found.metric.replace("_", " ")
    slices = count(found.n, "slice")
    if found.rho is None or found.low is None or found.high is None or found.p is None:
        return f"too few to say: {slices} with scores and reviews, 5 are needed"
    # higher scores should go with fewer edits, so a useful benchmark correlates below zero
    answer = "yes" if found.high < 0 else "the contrary" if found.low > 0 else "not shown"
    return (
        f"{answer}: rank correlation of {name} and edit rate {signed(found.rho, 2)}"
        f" [{signed(found.low, 2)}, {signed(found.high, 2)}] over {slices},"
        f" p {found.p:.2g}"
    )


def _age(age: Age) -> str:
    parts = []
    if age.promoted_days is not None:
        parts.append(f"promoted {count(age.promoted_days, 'day')} ago")
    if age.trained_days is not None:
        parts.append(f"trained {count(age.trained_days, 'day')} ago")
    if age.dataset is not None:
        many = "" if age.examples is None else f" ({count(age.examples, 'example')})"
        parts.append(f"on {age.dataset}{many}, as old at least")
    return "; ".join(parts) or "unknown: there is no training.json"


def _set_aside(found: SetAside) -> str:
    """Say how many finals are kept for judging, and when there will be enough."""
    text = f"{count(found.n, 'final')} kept for judging, never taught"
    if found.n >= found.needed:
        return f"{text}; a verdict rests on them from {found.needed} on"
    if found.when is None:
        return f"{text}; {found.needed} are needed, and none came in the last 8 weeks"
    return f"{text}; at {found.pace:.1f} a week there will be {found.needed} on {day(found.when)}"


def monitor_json(found: Sequence[Monitored]) -> dict[str, Any]:
    """Return `{"tasks": [{"task", "state", "edit_rate", "rejection_rate", "reasons", ...}]}`."""
    return {"tasks": [_task(task) for task in found]}


def _task(task: Monitored) -> dict[str, Any]:
    held = task.promoted
    rates = {w.signal: w.rate for w in task.watched}
    more = plain(task)
    for watched, raw in zip(task.watched, more["watched"], strict=True):
        # properties, which `plain` does not see
        raw["evidence"] = plain(watched.evidence)
        raw["alarms"] = plain(watched.course.alarms)
        raw["weeks"] = raw.pop("course")["weeks"]
    return {
        "task": plain(task.task),
        "state": task.state,
        "edit_rate": plain(rates.get("edit_rate")),
        "rejection_rate": plain(rates.get("rejection_rate")),
        "reasons": plain(task.reasons),
        "promoted": plain(held.adapter if held else None),
        "digest": held.digest if held else None,
        "since": held.at if held else None,
        "weeks_between_false_alarms": _needed(task),
        "recent_weeks": more.pop("weeks"),
        **{key: value for key, value in more.items() if key not in _SHAPED},
    }
