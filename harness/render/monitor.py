"""Is it time to retrain? One table per task with its evidence, then why, in words; and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.records import ALARM, Age, InputShift, Monitored, Prediction, Signal, Watched
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


def monitor_text(found: Sequence[Monitored], width: int = 100, colour: bool = False) -> str:
    """Every task under its own heading; an empty project says so."""
    blocks = ["\n".join(_block(one, width, colour)) for one in found]
    return "\n\n".join(blocks) or "no task: a benchmark with `task = ...` makes one"


def _block(one: Monitored, width: int, colour: bool) -> Iterator[str]:
    yield _heading(one, colour)
    if one.promoted is None:
        yield "  nothing is promoted yet; `pytest --model NAME` judges an adapter"
        return
    rows = [HEAD, *(_row(signal) for signal in one.watched)]
    yield from table(rows, "<><>>>><", indent=2)
    for label, text in _facts(one):
        yield from hang(f"  {label:10}", safe.ci_log(text), width)


def _heading(one: Monitored, colour: bool) -> str:
    state = one.state.upper()
    if colour:
        state = f"\x1b[{COLOURS[one.state]}m{state}\x1b[0m"
    about = safe.ci_log(one.task, limit=64)
    held = one.promoted
    if held is None:
        return f"{state}  {about}"
    name, by = safe.ci_log(held.adapter, limit=130), safe.ci_log(held.by, limit=60)
    override = ", by override" if held.override else ""
    return f"{state}  {about}   {name}, promoted {day(held.at)} by {by}{override}"


def _row(one: Watched) -> list[str]:
    interval = MISSING
    if one.low is not None and one.high is not None:
        interval = f"[{percent(one.low)}, {percent(one.high)}]"
    return [
        TITLES[one.signal],
        percent(one.rate),
        interval,
        str(one.n),
        percent(one.line.acceptable) if one.line else MISSING,
        percent(one.line.retrain) if one.line else MISSING,
        _evidence(one.evidence),
        _state(one),
    ]


def _state(one: Watched) -> str:
    if one.signal == "benchmark" and not one.n:
        return "not run again"
    return one.state if one.line else "no line"


def _evidence(value: float | None) -> str:
    if value is None:
        return MISSING
    if value >= 1e6:
        return "> 1,000,000"
    if value < 0.01:
        return "< 0.01"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


def _facts(one: Monitored) -> Iterator[tuple[str, str]]:
    for number, reason in enumerate(one.reasons):
        yield ("why" if number == 0 else ""), reason
    if one.weeks:
        yield "weeks", f"{_weeks(one.weeks)}; {count(one.reviews, 'review')} since the count began"
    if one.synthetic:
        yield "", f"SYNTHETIC: {count(one.synthetic, 'review')} of these nobody made"
    yield "evidence", _about_evidence(one)
    yield from _benchmark(one)
    yield from _inputs(one.inputs)
    yield from _predicted(one.prediction)
    yield from _aged(one.age)
    yield from _next(one)


def _weeks(weeks: Sequence[str]) -> str:
    if len(weeks) == 1:
        return weeks[0]
    return f"{weeks[0]} to {weeks[-1]}, {len(weeks)} weeks with reviews"


def _about_evidence(one: Monitored) -> str:
    edits = one.signal("edit_rate")
    text = f"{ALARM:.0f} raise the alarm: at least {ALARM:.0f} weeks between two false ones"
    if edits is None or not edits.course.weeks:
        return text
    if not edits.course.known:
        return f"{text}; how much weeks differ by themselves is not known before 8 of them"
    used = edits.course.weeks[-1].dispersion
    return f"{text}; weeks are taken to differ {used:.2f} times as much as chance has them"


def _benchmark(one: Monitored) -> Iterator[tuple[str, str]]:
    for drift in one.drifts:
        means = "; ".join(
            f"{name.replace('_', ' ')} {score(now)} ({signed(now - then)})"
            for name, (then, now) in drift.means.items()
        )
        runs = f"{count(drift.runs, 'run')}, {day(drift.first)} to {day(drift.last)}"
        yield "benchmark", f"{drift.benchmark}: {means}; {count(drift.n, 'case')}, {runs}"
        yield "", EXPLAINED
    if not one.drifts:
        yield "benchmark", "not run again since its promotion: `lora-harness monitor --run`"


def _inputs(inputs: InputShift | None) -> Iterator[tuple[str, str]]:
    if inputs is None:
        return
    if inputs.p is None or inputs.distance is None:
        yield "inputs", f"not compared with the benchmark's: {inputs.skipped}"
        return
    verdict = "unlike" if inputs.shown else "not shown to be unlike"
    yield (
        "inputs",
        f"{inputs.n} recent ones are {verdict} the benchmark's {inputs.cases}"
        f" (energy distance {inputs.distance:.3f}, p {inputs.p:.3g} by permutation)",
    )


def _predicted(found: Prediction | None) -> Iterator[tuple[str, str]]:
    if found is None:
        return
    name = found.metric.replace("_", " ")
    asked = "does the benchmark predict the edits? "
    if found.rho is None or found.low is None or found.high is None or found.p is None:
        slices = count(found.n, "slice")
        yield "predicts", f"{asked}too few to say: {slices} with scores and reviews, 5 are needed"
        return
    said = "yes" if found.high < 0 else "the contrary" if found.low > 0 else "not shown"
    yield (
        "predicts",
        f"{asked}{said}: rank correlation of {name} and edit rate {signed(found.rho, 2)}"
        f" [{signed(found.low, 2)}, {signed(found.high, 2)}] over {count(found.n, 'slice')},"
        f" p {found.p:.2g}",
    )


def _aged(age: Age | None) -> Iterator[tuple[str, str]]:
    if age is None:
        return
    told = []
    if age.promoted_days is not None:
        told.append(f"promoted {count(age.promoted_days, 'day')} ago")
    if age.trained_days is not None:
        told.append(f"trained {count(age.trained_days, 'day')} ago")
    if age.dataset is not None:
        many = "" if age.examples is None else f" ({count(age.examples, 'example')})"
        told.append(f"on {age.dataset}{many}, as old at least")
    yield "age", "; ".join(told) or "unknown: there is no training.json"


def _next(one: Monitored) -> Iterator[tuple[str, str]]:
    if one.state == "retrain":
        yield "next", f"`lora-harness monitor --task {one.task} --plan` says what to train on,"
        yield (
            "",
            f'or `lora-harness monitor --acknowledge --task {one.task} --by YOU --why "..."`',
        )


def monitor_json(found: Sequence[Monitored]) -> dict[str, Any]:
    """`{"tasks": [{"task", "state", "edit_rate", "rejection_rate", "reasons", ...}]}`."""
    return {"tasks": [_task(one) for one in found]}


_TOLD = ("task", "state", "reasons", "promoted")


def _task(one: Monitored) -> dict[str, Any]:
    held = one.promoted
    rates = {w.signal: w.rate for w in one.watched}
    more = plain(one)
    for watched, raw in zip(one.watched, more["watched"], strict=True):
        raw["evidence"] = plain(watched.evidence)
        raw["alarms"] = plain(watched.course.alarms)
        raw["weeks"] = raw.pop("course")["weeks"]
    return {
        "task": plain(one.task),
        "state": one.state,
        "edit_rate": plain(rates.get("edit_rate")),
        "rejection_rate": plain(rates.get("rejection_rate")),
        "reasons": plain(one.reasons),
        "promoted": plain(held.adapter if held else None),
        "digest": held.digest if held else None,
        "since": held.at if held else None,
        "weeks_between_false_alarms": ALARM,
        "recent_weeks": more.pop("weeks"),
        **{key: value for key, value in more.items() if key not in _TOLD},
    }
