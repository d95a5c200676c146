"""Adapters over time on one version of the benchmark: each by its newest run so far."""

from __future__ import annotations

from harness.render.report import drawing
from harness.render.report.drawing import Scale
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material, Placed
from harness.text.figures import day, metric_title, score
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
