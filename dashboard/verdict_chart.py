"""Draw the differences of a verdict with the intervals that decided, better to the right.

An interval is one-sided where a one-sided rule decides: it ends where the rule looks, and an arrow
marks its open side.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt

from dashboard.chart_layers import layered, name_axis
from dashboard.chart_rows import data
from dashboard.colours import GREY, STATES
from dashboard.words import option, short
from harness.records import LOWER_IS_BETTER, MetricVerdict, Verdict
from harness.render.metric_table import difference_of
from harness.render.one_sided import one_sided
from harness.render.report.metrics import by_reference
from harness.text.figures import margin

MAX_TITLE = 34
"""Letters of a row's title; the tooltip has the whole."""
TIP = [
    alt.Tooltip("whole:N", title="metric"),
    alt.Tooltip("shown:N", title="difference, as recorded"),
    alt.Tooltip("asked:N", title="margin"),
    alt.Tooltip("cases:Q", title="n"),
    alt.Tooltip("state:N"),
]


def verdict_chart(verdict: Verdict, legend: bool = False) -> alt.LayerChart | None:
    """Draw every metric against every reference; None where nothing could be compared."""
    rows = list(_rows(verdict))
    if not rows:
        return None
    known = [
        row[end] for row in rows for end in ("low", "high", "difference") if row[end] is not None
    ]
    limits = [*known, 0.0, *(row["margin"] for row in rows if row["margin"] is not None)]
    space = max(0.005, (max(limits) - min(limits)) * 0.06)
    first, last = min(limits) - space, max(limits) + space
    for row in rows:
        # A one-sided interval goes on to the edge.
        row["arrow"] = first if row["low"] is None else last if row["high"] is None else None
        row["turn"] = -90 if row["low"] is None else 90
        row["from"] = first if row["low"] is None else row["low"]
        row["to"] = last if row["high"] is None else row["high"]
    states = {row["state"]: STATES[row["state"]] for row in rows}
    colour = alt.Color(
        "state:N",
        title=None,
        legend=alt.Legend(orient="top") if legend else None,
        scale=alt.Scale(domain=list(states), range=[one[0] for one in states.values()]),
    )
    shape = alt.Shape(
        "state:N",
        legend=None,
        scale=alt.Scale(domain=list(states), range=[one[1] for one in states.values()]),
    )
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("row:N", title=None, sort=None, axis=name_axis(240)), tooltip=TIP
    )
    x = alt.X(
        "from:Q",
        title="difference, better to the right",
        scale=alt.Scale(domain=[first, last], nice=False),
        axis=alt.Axis(tickCount=6, format="+.2~f"),
    )
    zero = alt.Chart(data([{"zero": 0}])).mark_rule(color=GREY)
    beyond = base.transform_filter("datum.margin !== null")
    return layered(
        [
            zero.encode(x=alt.X("zero:Q")),
            beyond.mark_tick(thickness=2, size=24, color=STATES["worse"][0]).encode(
                x=alt.X("margin:Q")
            ),
            base.mark_rule(strokeWidth=2.5).encode(x=x, x2="to:Q", color=colour),
            base.transform_filter("datum.arrow !== null")
            .mark_point(size=70, filled=True, opacity=1, shape="triangle-up")
            .encode(x=alt.X("arrow:Q"), color=colour, angle=alt.Angle("turn:Q", scale=None)),
            base.mark_point(size=95, filled=True, opacity=1).encode(
                x=alt.X("difference:Q"), color=colour, shape=shape
            ),
        ],
        50 + 30 * len(rows),
        apart=True,
    )


def _rows(verdict: Verdict) -> Iterator[dict[str, Any]]:
    for reference, rows in by_reference(verdict):
        # The first reference decides for every metric; a further one is named.
        beside = "" if reference == verdict.metrics[0].against else f" (against {reference})"
        for title, metric, alpha in rows:
            if metric.difference is not None:
                yield _row(f"{title}{beside}", metric, alpha)


def _row(title: str, metric: MetricVerdict, alpha: float) -> dict[str, Any]:
    """Return the row of a metric, its figures turned so that more is better."""
    low, high = one_sided(metric, alpha) or (metric.low, metric.high)
    difference = metric.difference or 0.0
    if metric.low is None or metric.high is None:  # counted, without an interval
        low = high = difference
    if metric.name in LOWER_IS_BETTER:
        difference = -difference
        low, high = (None if end is None else -end for end in (high, low))
    return {
        "row": short(title, MAX_TITLE),
        "whole": option(title, 200),
        "state": metric.state,
        "difference": difference,
        "low": low,
        "high": high,
        "margin": None if metric.margin is None else -metric.margin,
        "asked": "none" if metric.margin is None else margin(metric.margin),
        "shown": option(difference_of(metric), 80),
        "cases": metric.n,
    }
