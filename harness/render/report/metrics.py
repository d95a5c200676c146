"""The metrics in a report: the table of the verdict, with each difference drawn beside it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import LOWER_IS_BETTER, MetricVerdict, Verdict, Worth
from harness.render.metric_table import difference_of, guard_rows, sure
from harness.render.report import drawing
from harness.render.report.drawing import Scale
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material, Placed
from harness.text.figures import count, day, interval, margin, metric_title, score
from harness.text.html import Child, Html, element


def past(material: Material) -> Html:
    """A row for each, the oldest first; this one last."""
    columns = [
        Column("adapter"),
        Column("run of", "word"),
        Column("mean", "number"),
        Column("95 %", "number"),
        Column("cases", "number"),
        Column("", "chart"),
    ]
    scale = Scale(0.0, 1.0)
    rows = [_row(one, scale, material) for one in material.placed]
    words = [drawing.word(scale, value, f"{value:g}") for value in (0.0, 0.5, 1.0)]
    foot: list[Child] = ["", "", "", "", "", drawing.drawing("axis from 0 to 1", 16, words)]
    caption = f"{metric_title(material.metric)}, the mean over the cases"
    return grid(caption, columns, rows, foot)


def _row(one: Placed, scale: Scale, material: Material) -> list[Child]:
    mine = one.adapter == material.run.adapter
    kind = "tone-changed" if mine else "tone-same"
    shapes: list[Child] = [drawing.stretch(scale, 0.0, 1.0, "track")]
    if one.low is not None and one.high is not None:
        shapes.append(drawing.stretch(scale, one.low, one.high, f"reach {kind}"))
    shapes.append(drawing.sign(scale, one.mean, "●" if mine else "○", kind))
    told = f"{one.adapter} {score(one.mean)} [{score(one.low)}, {score(one.high)}]"
    return [
        element("strong" if mine else "span", one.adapter, class_="name"),
        day(one.started),
        score(one.mean),
        f"{score(one.low)} to {score(one.high)}",
        str(one.n),
        drawing.drawing(told, 20, shapes),
    ]


Row = tuple[str, MetricVerdict]


def standings(verdict: Verdict) -> list[Html]:
    """One table for each reference; guard benchmarks are rows of the first."""
    against = dict.fromkeys(metric.against for metric in verdict.metrics)
    tables = []
    for number, reference in enumerate(against):
        rows = [(metric_title(m.name), m) for m in verdict.metrics if m.against == reference]
        rows += guard_rows(verdict) if number == 0 else []
        tables.append(_table(reference, rows, verdict))
    return tables


def _table(reference: str, rows: Sequence[Row], verdict: Verdict) -> Html:
    names = {"promoted": verdict.promoted, "pinned": verdict.pinned}
    called = f"Against {names.get(reference) or reference}"
    called += f" ({reference})" if names.get(reference) else ""
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
    scale = Scale.over(value for _, metric in rows for value in _reach(metric))
    cells = [_cells(title, metric, scale) for title, metric in rows]
    drawn = any(metric.difference is not None for _, metric in rows)
    foot: list[Child] = ["", "", "", "", "", axis(scale), "", "", ""]
    return grid(called, columns, cells, foot if drawn else None)


def _cells(title: str, metric: MetricVerdict, scale: Scale) -> list[Child]:
    return [
        title,
        metric.role,
        score(metric.reference),
        score(metric.candidate),
        difference_of(metric),
        interval_drawing(metric, scale),
        "" if metric.margin is None else margin(metric.margin),
        str(metric.n),
        state(metric.state),
    ]


def state(word: str) -> Html:
    """A state with its sign and colour."""
    shown = [element("span", drawing.SIGNS.get(word, "●"), aria_hidden="true"), f" {word}"]
    return element("span", shown, class_=f"state {drawing.tone(word)}")


def interval_drawing(metric: MetricVerdict, scale: Scale) -> Html | None:
    """Zero, the margin with what lies beyond it, the interval, and the difference as a sign."""
    if metric.difference is None:
        return None
    kind = drawing.tone(metric.state)
    line = _margin_line(metric)
    shapes: list[Child] = []
    if line is not None:
        end = scale.high if line > 0 else scale.low
        shapes += [drawing.zone(scale, line, end, "beyond")]
        shapes += [drawing.upright(scale, line, "margin")]
    shapes.append(drawing.upright(scale, 0.0, "zero"))
    if metric.low is not None and metric.high is not None:
        shapes.append(drawing.stretch(scale, metric.low, metric.high, f"reach {kind}"))
    shapes.append(drawing.sign(scale, metric.difference, drawing.SIGNS[metric.state], kind))
    told = f"{metric_title(metric.name)}: difference {difference_of(metric)}"
    asked = "" if metric.margin is None else f", margin {margin(metric.margin)}"
    return drawing.drawing(f"{told}{asked}, {metric.state}", 26, shapes)


def axis(scale: Scale) -> Html:
    """The ends of the scale and zero."""
    places = [scale.low, scale.high]
    if all(abs(scale.at(0.0) - scale.at(place)) > 14 for place in places):
        places.append(0.0)
    words = [drawing.word(scale, place, _tick(place)) for place in places]
    return drawing.drawing(f"axis from {_tick(scale.low)} to {_tick(scale.high)}", 16, words)


def _tick(value: float) -> str:
    shown = f"{value:+.2f}".replace("-", "−")
    return "0" if float(f"{value:.2f}") == 0 else shown


def _reach(metric: MetricVerdict) -> list[float | None]:
    return [0.0, metric.difference, metric.low, metric.high, _margin_line(metric)]


def _margin_line(metric: MetricVerdict) -> float | None:
    """The drop that is still allowed; upwards where less is better."""
    if metric.margin is None:
        return None
    return metric.margin if metric.name in LOWER_IS_BETTER else -metric.margin


def gains(caption: str, found: Sequence[Worth], alpha: float) -> Html:
    """What fine-tuning gained or cost beside the base model itself."""
    scale = Scale.over(v for one in found for v in (0.0, one.gain, one.low, one.high))
    columns = [
        Column("metric"),
        Column("against", "word"),
        Column(f"gain, {sure(alpha)}", "number"),
        Column("", "chart"),
        Column("cases", "number"),
        Column("says"),
    ]
    rows = [_gain(one, scale) for one in found]
    return grid(caption, columns, rows, ["", "", "", axis(scale), "", ""])


def _gain(one: Worth, scale: Scale) -> list[Child]:
    kind = drawing.tone(one.state)
    shapes: list[Child] = [drawing.upright(scale, 0.0, "zero")]
    if one.low is not None and one.high is not None:
        shapes.append(drawing.stretch(scale, one.low, one.high, f"reach {kind}"))
    shapes.append(drawing.sign(scale, one.gain, drawing.SIGNS[one.state], kind))
    told = interval(one.gain, one.low, one.high)
    label = f"gain over {one.against} {told}, {count(one.n, 'case')}"
    picture = drawing.drawing(label, 26, shapes)
    title = f"{one.benchmark}, {metric_title(one.metric)} ({one.role})"
    return [title, one.against, told, picture, str(one.n), one.says or state(one.state)]
