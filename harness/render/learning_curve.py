"""What a learning curve says, as a sentence, as a table, and as JSON.

Tested in tests/flows/training/test_learning_curve.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import (
    LOWER_IS_BETTER,
    CurveName,
    EnoughExamples,
    Estimate,
    Foretold,
    LearningCurve,
)
from harness.text.figures import count, interval, metric_title, percent, score
from harness.text.plain import plain
from harness.text.safe import ci_log
from harness.text.table import hang, table

NOISY: CurveName = "too noisy to say"
HEAD = ("of the set", "examples")
MISFIT = "no learning curve fits the three sizes; the interval spans what the doublings brought"
UNDONE = "no answer before two seeds have trained on every size"


def curve_text(
    curve: LearningCurve,
    foretold: Sequence[Foretold],
    width: int = 100,
    enough: EnoughExamples | None = None,
) -> str:
    """Return the answer, the mean scores at each size, and what is left out."""
    lines = [f"CURVE  {title(curve)}"]
    lines += hang("  answer  ", answer(foretold), width)
    if enough:
        lines += hang("  enough  ", enough_words(enough), width)
    for note in notes(curve, foretold):
        lines += hang("  note    ", note, width)
    if foretold:
        lines += table([head(foretold), *rows(foretold)], ">" * (2 + len(foretold)), indent=2)
    return "\n".join(lines)


def title(curve: LearningCurve) -> str:
    """Name the set, the benchmark and how much of the curve is done."""
    seeds = count(curve.seeds, "seed")
    done = f"{len(curve.points)} of {curve.wanted} trainings" if is_open(curve) else seeds
    return (
        f"{ci_log(curve.set, limit=64)} · task {ci_log(curve.task, limit=64)} ·"
        f" {count(curve.examples, 'example')} · {done} · {count(len(curve.groups), 'case')}"
    )


def is_open(curve: LearningCurve) -> bool:
    """Tell whether trainings are missing."""
    return len(curve.points) < curve.wanted


def answer(foretold: Sequence[Foretold]) -> str:
    """Say what more examples would do: by the edit rate, else by what is less noisy."""
    if not foretold:
        return UNDONE
    first = next((one for one in foretold if one.name != NOISY), foretold[0])
    if first is foretold[0]:
        return says(first)
    return f"{says(first)} ({metric_title(foretold[0].metric)}: {foretold[0].name})"


def says(one: Foretold) -> str:
    """Say what a metric foretells, with its figure and interval."""
    what = metric_title(one.metric)
    figure = f"{interval(*_ends(one.change))} {what} for {one.more:,} more"
    if one.name == "more would help":
        return f"more would help: about {figure}"
    if one.name == NOISY and {size.score.value for size in one.sizes} <= {0.0, 1.0}:
        return f"too noisy to say: every output has the worst {what}, so it tells nothing"
    if one.name == NOISY:
        return f"too noisy to say: {figure}; more seeds or more cases narrow it"
    if _is_loss(one):
        return f"saturated: more examples like these made it worse, about {figure}"
    return f"saturated: {figure}"


def enough_words(found: EnoughExamples) -> str:
    """Say from how many examples on the edit rate is within the line that the team declared."""
    rate = _scored(found.score)
    if found.examples is None:
        return (
            f"not shown for the {percent(found.line)} that the team lives with: the whole set"
            f" gives an edit rate of {rate}"
        )
    return (
        f"{count(found.examples, 'example')} for the {percent(found.line)} that the team lives"
        f" with: they give an edit rate of {rate}"
    )


def notes(curve: LearningCurve, foretold: Sequence[Foretold]) -> list[str]:
    """Return what a reader of the figures has to know besides."""
    found = [f"{metric_title(one.metric)}: {MISFIT}" for one in foretold if not one.fits]
    if is_open(curve):
        missing = count(curve.wanted - len(curve.points), "training")
        found.append(f"{missing} missing, the same command goes on")
    if curve.left_out:
        cases = count(len(curve.left_out), "case")
        found.append(f"{cases} left out: the training data holds them")
    return found


def head(foretold: Sequence[Foretold]) -> list[str]:
    """Return the headings of the table of sizes."""
    return [*HEAD, *(f"{metric_title(one.metric)} [seeds, 95 %]" for one in foretold)]


def rows(foretold: Sequence[Foretold]) -> list[list[str]]:
    """Return a row for each size: the mean score, and the interval over seeds."""
    return [
        [f"{100 * sizes[0].share:.0f} %", f"{sizes[0].examples:,}"]
        + [_scored(size.score) for size in sizes]
        for sizes in zip(*(one.sizes for one in foretold), strict=True)
    ]


def curve_json(
    curve: LearningCurve, foretold: Sequence[Foretold], enough: EnoughExamples | None = None
) -> dict[str, Any]:
    """Return the same for programs, with every point."""
    whole: dict[str, Any] = plain(curve)
    name = next((one.name for one in foretold if one.name != NOISY), NOISY) if foretold else None
    return whole | {
        "name": name,
        "answer": answer(foretold),
        "enough": plain(enough) if enough else None,
        "metrics": [plain(one) | {"says": says(one)} for one in foretold],
        "complete": not is_open(curve),
    }


def _is_loss(one: Foretold) -> bool:
    low, high = one.doubled.low or 0.0, one.doubled.high or 0.0
    return low > 0 if one.metric in LOWER_IS_BETTER else high < 0


def _ends(one: Estimate) -> tuple[float, float | None, float | None]:
    return one.value, one.low, one.high


def _scored(one: Estimate) -> str:
    return f"{score(one.value)} [{score(one.low)}, {score(one.high)}]"
