"""The metrics in a report: the verdict's tables with each difference drawn beside its figures.

Tested in tests/render/report/test_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.records import LOWER_IS_BETTER, MetricVerdict, Verdict, Worth
from harness.render.metric_table import difference_of, guard_rows, sure
from harness.render.one_sided import one_sided
from harness.render.report import drawing
from harness.render.report.drawing import Scale
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material, Placed
from harness.text.figures import count, day, interval, margin, metric_title, score, signed
from harness.text.html import Child, Html, element

Row = tuple[str, MetricVerdict, float]
"""Title, metric, and the alpha that it was judged with."""
HOW_DRAWN = (
    "Drawn: the difference with its interval; the grey line is no difference, the dashed one the"
    " margin, and what is shaded is worse than that. An arrow marks the open side of a one-sided"
    " interval, as gates and guards are decided."
)
"""How to read the charts of a table of metrics."""


def past(material: Material) -> Html:
    """Chart the means of earlier adapters, the oldest first, and of this adapter last."""
    columns = [
        Column("adapter"),
        Column("run of", "word"),
        Column("mean", "number"),
        Column("95 %", "number"),
        Column("cases", "number"),
        Column("", "chart"),
    ]
    scale = Scale(0.0, 1.0)
    rows = [_row(placed, scale, material) for placed in material.placed]
    words = [drawing.word(scale, value, f"{value:g}") for value in (0.0, 0.5, 1.0)]
    foot: list[Child] = ["", "", "", "", "", drawing.drawing("axis from 0 to 1", 16, words)]
    caption = f"{metric_title(material.metric)}, the mean over the cases"
    return grid(caption, columns, rows, foot)


def _row(placed: Placed, scale: Scale, material: Material) -> list[Child]:
    mine = placed.adapter == material.run.adapter
    kind = "tone-changed" if mine else "tone-same"
    low, mean, high = score(placed.low), score(placed.mean), score(placed.high)
    shapes: list[Child] = [drawing.line(scale, 0.0, 1.0, "track")]
    if placed.low is not None and placed.high is not None:
        shapes.append(drawing.line(scale, placed.low, placed.high, f"reach {kind}"))
    shapes.append(drawing.sign(scale, placed.mean, "●" if mine else "○", kind))
    return [
        element("strong" if mine else "span", placed.adapter, class_="name"),
        day(placed.started),
        mean,
        f"{low} to {high}",
        str(placed.n),
        drawing.drawing(f"{placed.adapter} {mean} [{low}, {high}]", 20, shapes),
    ]


def metric_grids(verdict: Verdict) -> list[Html]:
    """Return a table for each reference; guard benchmarks are rows of the first."""
    return [_metric_grid(reference, rows, verdict) for reference, rows in by_reference(verdict)]


def by_reference(verdict: Verdict) -> Iterator[tuple[str, list[Row]]]:
    """Yield every reference with a row for each metric; the first has the guard benchmarks too."""
    guards = [
        (*row, guard.alpha)
        for guard in verdict.guards
        for row in guard_rows(replace(verdict, guards=(guard,)))
    ]
    for reference in dict.fromkeys(metric.against for metric in verdict.metrics):
        found = [metric for metric in verdict.metrics if metric.against == reference]
        yield reference, [(metric_title(m.name), m, verdict.alpha) for m in found] + guards
        guards = []


def _metric_grid(reference: str, rows: Sequence[Row], verdict: Verdict) -> Html:
    names = {"promoted": verdict.promoted, "pinned": verdict.pinned}
    caption = f"Against {names.get(reference) or reference}"
    caption += f" ({reference})" if names.get(reference) else ""
    columns = [
        Column("metric"),
        Column("role", "word"),
        Column(reference, "number"),
        Column("candidate", "number"),
        Column(f"difference, {sure(verdict.alpha)}", "number"),
        Column("", "chart"),
        Column("margin", "number"),
        Column("cases", "number"),
        Column("state", "word"),
    ]
    # a scale for the whole table, so that its rows can be compared by eye
    scale = Scale.over(
        value
        for _, metric, _ in rows
        for value in (0.0, metric.difference, metric.low, metric.high, _margin_line(metric))
    )
    cells = [_cells(row, scale) for row in rows]
    drawn = any(metric.difference is not None for _, metric, _ in rows)
    foot: list[Child] = ["", "", "", "", "", axis(scale), "", "", ""]
    return grid(caption, columns, cells, foot if drawn else None)


def _cells(row: Row, scale: Scale) -> list[Child]:
    title, metric, alpha = row
    return [
        title,
        metric.role,
        score(metric.reference),
        score(metric.candidate),
        difference_of(metric),
        interval_drawing(metric, scale, alpha),
        "" if metric.margin is None else margin(metric.margin),
        str(metric.n),
        state(metric.state),
    ]


def state(word: str) -> Html:
    """Show a state with its sign and colour."""
    shown = [element("span", drawing.SIGNS.get(word, "●"), aria_hidden="true"), f" {word}"]
    return element("span", shown, class_=f"state {drawing.tone(word)}")


def interval_drawing(metric: MetricVerdict, scale: Scale, alpha: float) -> Html | None:
    """Draw zero, the margin with the area beyond it, the interval, and the difference as a sign.

    Where a one-sided rule decides, the interval is the one-sided one: it ends where the rule looks.
    """
    if metric.difference is None:
        return None
    kind = drawing.tone(metric.state)
    line = _margin_line(metric)
    shapes: list[Child] = []  # SVG paints in this order: the sign must be last, on top
    if line is not None:
        end = scale.high if line > 0 else scale.low
        shapes += [drawing.zone(scale, line, end, "beyond")]
        shapes += [drawing.vertical(scale, line, "margin")]
    shapes.append(drawing.vertical(scale, 0.0, "zero"))
    decided = one_sided(metric, alpha)
    ends = decided or (metric.low, metric.high)
    if decided or None not in ends:
        shapes += drawing.reach(scale, *ends, kind)
    shapes.append(drawing.sign(scale, metric.difference, drawing.SIGNS[metric.state], kind))
    label = f"{metric_title(metric.name)}: difference {difference_of(metric)}"
    asked = "" if metric.margin is None else f", margin {margin(metric.margin)}"
    bound = "" if decided is None else _bound_words(*decided, alpha)
    return drawing.drawing(f"{label}{asked}, {metric.state}{bound}", 26, shapes)


def _bound_words(low: float | None, high: float | None, alpha: float) -> str:
    """Say where a one-sided interval ends."""
    end = f"from {signed(low)} up" if high is None else f"up to {signed(high)}"
    return f" (one-sided {sure(alpha)}: {end})"


def axis(scale: Scale) -> Html:
    """Draw the ends of the scale, and zero if it is far enough from both."""
    # nearer than 14 % of the width, the figures would run into each other
    places = [scale.low, scale.high]
    if all(abs(scale.at(0.0) - scale.at(place)) > 14 for place in places):
        places.append(0.0)
    words = [drawing.word(scale, place, _tick(place)) for place in places]
    return drawing.drawing(f"axis from {_tick(scale.low)} to {_tick(scale.high)}", 16, words)


def _tick(value: float) -> str:
    shown = f"{value:+.2f}".replace("-", "−")
    # a rounded zero has no sign
    return "0" if float(f"{value:.2f}") == 0 else shown


def _margin_line(metric: MetricVerdict) -> float | None:
    """Return the largest tolerated loss as a difference: positive if lower scores are better."""
    if metric.margin is None:
        return None
    return metric.margin if metric.name in LOWER_IS_BETTER else -metric.margin


def gains(caption: str, found: Sequence[Worth], alpha: float) -> Html:
    """Chart the gains over the base model, or the losses beside it."""
    scale = Scale.over(v for each in found for v in (0.0, each.gain, each.low, each.high))
    columns = [
        Column("metric"),
        Column("against", "word"),
        Column(f"gain, {sure(alpha)}", "number"),
        Column("", "chart"),
        Column("cases", "number"),
        Column("says"),
    ]
    rows = [_gain(each, scale) for each in found]
    return grid(caption, columns, rows, ["", "", "", axis(scale), "", ""])


def _gain(worth: Worth, scale: Scale) -> list[Child]:
    kind = drawing.tone(worth.state)
    shapes: list[Child] = [drawing.vertical(scale, 0.0, "zero")]
    if worth.low is not None and worth.high is not None:
        shapes += drawing.reach(scale, worth.low, worth.high, kind)
    shapes.append(drawing.sign(scale, worth.gain, drawing.SIGNS[worth.state], kind))
    shown = interval(worth.gain, worth.low, worth.high)
    label = f"gain over {worth.against} {shown}, {count(worth.n, 'case')}"
    picture = drawing.drawing(label, 26, shapes)
    title = f"{worth.benchmark}, {metric_title(worth.metric)} ({worth.role})"
    return [title, worth.against, shown, picture, str(worth.n), worth.says or state(worth.state)]
