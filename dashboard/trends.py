"""Show how metrics and slices of a benchmark moved over time, as charts, tables and files.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import frame, pieces, time_charts, words
from dashboard.downloads import offer
from dashboard.drawing import draw
from dashboard.time_legend import known_adapters, legend
from harness.flows.queries import MetricPanel, OverTime, Point, SlicePanel
from harness.render.sheet import Cell
from harness.text.figures import MISSING, count, day, metric_title, score, signed
from harness.text.html import Child

POINT_COLUMNS = ["time", "adapter", "version", "metric", "mean", "low", "high", "cases", "runs"]
MAX_SLICES = 12
"""Charts of slices on the page; table and CSV have all slices."""


def metric(found: OverTime) -> None:
    """Show the chosen metric by run, day or month."""
    what = (found.points, found.path, found.bands, found.marks, known_adapters(found), found.metric)
    legend(found, [point.adapter for point in found.points], path=True)
    draw("metric-chart", time_charts.metric_over_time, *what)
    frame.html(pieces.note(_how_to_read(found)))
    with st.expander("The runs in numbers"):
        frame.html(
            pieces.table(
                [
                    "when",
                    "adapter",
                    metric_title(found.metric),
                    "95 % interval",
                    "cases",
                    "version",
                ],
                [_run_row(p) for p in sorted(found.points, key=_start, reverse=True)],
                "<<>>><",
            )
        )
    offer(
        f"{found.benchmark} {found.metric} over time",
        POINT_COLUMNS,
        lambda: _point_rows(found.points, found.metric),
        lambda: time_charts.metric_over_time(*what, legend=True),
    )


def metrics(found: OverTime, panels: Sequence[MetricPanel]) -> None:
    """Show a chart for each metric, the gate's first."""
    legend(found, [p.adapter for panel in panels for p in panel.points], path=True)
    grid = st.grid("auto", min_column_width=340)
    for panel in panels:
        with grid.container():
            frame.html(pieces.label(f"{metric_title(panel.name)} · {panel.role}"))
            what = (
                panel.points,
                panel.path,
                found.bands,
                found.marks,
                known_adapters(found),
                panel.name,
            )
            draw(f"all-{panel.name}", time_charts.metric_over_time, *what, height=210)
    frame.html(pieces.note(_how_to_read(found)))
    offer(
        f"{found.benchmark} all metrics over time",
        POINT_COLUMNS,
        lambda: [row for panel in panels for row in _point_rows(panel.points, panel.name)],
    )


def _start(point: Point) -> str:
    return point.at


def _run_row(point: Point) -> list[Child]:
    low, high = point.low, point.high
    return [
        pieces.unbroken(day(point.at)),
        pieces.cut_name(point.adapter),
        score(point.mean),
        MISSING if low is None or high is None else f"{score(low)} to {score(high)}",
        str(point.n),
        point.fingerprint[:6],
    ]


def _how_to_read(found: OverTime) -> str:
    each = {"run": "one run", "day": "a day's runs", "month": "a month's runs"}[found.period]
    path = " The broad green line follows the adapter in production." if found.path else ""
    adapters = f"{len(found.chosen)} of {count(len(found.adapters), 'adapter')}"
    shown = f"{adapters} and {count(found.runs, 'run')} of {found.total} are shown. "
    return shown + (
        f"Each point is {each} of one adapter: the mean over its cases with its 95 % interval."
        f"{path} Lines never cross two versions of the benchmark."
    )


def _point_rows(points: Sequence[Point], metric: str) -> list[list[Cell]]:
    return [
        [p.at, p.adapter, p.fingerprint, metric, p.mean, p.low, p.high, p.n, p.runs] for p in points
    ]


def slices(found: OverTime) -> None:
    """Show the metric on each slice; slices that fell most come first."""
    if not found.slices:
        return
    moved = any(panel.drift is not None for panel in found.slices)
    frame.section(
        "By slice",
        "The same metric over the cases of each slice, on the same scales."
        + (
            " The last figure is how far the adapter in production moved; falls come first."
            if moved
            else ""
        ),
    )
    shown = found.slices[:MAX_SLICES]
    for key in dict.fromkeys(panel.name.partition("=")[0] for panel in shown):
        frame.html(pieces.label(key))
        grid = st.grid("auto", min_column_width=230)
        for panel in shown:
            if panel.name.partition("=")[0] == key:
                what = (panel, found.slices, known_adapters(found))
                draw(f"slice-{panel.name}", time_charts.slice_panel, *what, place=grid)
    frame.html(pieces.note(f"{len(shown)} of {count(len(found.slices), 'slice')} are drawn."))
    with st.expander("The slices in numbers"):
        frame.html(
            pieces.table(
                ["slice", "cases", "newest", "moved in production"],
                [_slice_row(panel) for panel in found.slices],
                "<>>>",
            )
        )
    offer(
        f"{found.benchmark} {found.metric} by slice",
        ["slice", "time", "adapter", "version", "metric", "mean", "low", "high", "cases"],
        lambda: [
            [s.name, p.at, p.adapter, p.fingerprint, found.metric, p.mean, p.low, p.high, p.n]
            for s in found.slices
            for p in s.points
        ],
    )


def _slice_row(panel: SlicePanel) -> list[Child]:
    newest = max(panel.points, key=_start)
    moved = MISSING if panel.drift is None else signed(panel.drift)
    name = f"{score(newest.mean)} ({newest.adapter})"
    return [words.html(panel.name, 80), str(newest.n), words.html(name, 80), moved]
