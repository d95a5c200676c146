"""Draw a learning curve: mean scores at three sizes, and what more examples would make of them.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from dashboard.chart_layers import layered
from dashboard.chart_rows import data, with_interval
from dashboard.colours import BLUE, GREY
from harness.records import Estimate, Foretold
from harness.text.figures import count, metric_title, score

MEASURED, FORETOLD = "measured, 95 % over seeds", "foretold, 95 %"
COLOURS = {MEASURED: BLUE, FORETOLD: GREY}
TIP = [
    alt.Tooltip("what:N"),
    alt.Tooltip("count:N", title="n"),
    alt.Tooltip("shown:N", title="mean, 95 %"),
]


def learning_curve(found: Foretold, legend: bool = False, height: int = 220) -> alt.LayerChart:
    """Draw a metric against the number of examples; the dashed end is foretold."""
    last = found.sizes[-1]
    ahead = _row(last.examples + found.more, _ahead(found), FORETOLD)
    measured = [_row(size.examples, size.score, MEASURED) for size in found.sizes]
    rows = [*measured, ahead]
    counts = [row["examples"] for row in rows]
    x = alt.X(
        "examples:Q",
        title="examples",
        axis=alt.Axis(values=counts, format=",d", grid=False, labelOverlap=True),
        scale=alt.Scale(type="log", domain=[counts[0] / 1.15, counts[-1] * 1.15], nice=False),
    )
    title, ends = metric_title(found.metric), [row[end] for row in rows for end in ("low", "high")]
    space = max(0.01, (max(ends) - min(ends)) * 0.12)
    fits = alt.Scale(domain=[max(0.0, min(ends) - space), min(1.0, max(ends) + space)], zero=False)
    y = alt.Y("mean:Q", title=title, scale=fits, axis=alt.Axis(tickCount=5))
    colour = alt.Color(
        "what:N",
        title=None,
        legend=alt.Legend(orient="top") if legend else None,
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
    )
    base = alt.Chart(data(rows))
    onward = alt.Chart(data([measured[-1], ahead]))
    return layered(
        [
            alt.Chart(data(measured)).mark_line(strokeWidth=2, color=BLUE).encode(x, y),
            onward.mark_line(strokeWidth=1.5, strokeDash=[5, 4], color=GREY).encode(x, y),
            base.mark_rule(strokeWidth=2).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour),
            base.mark_point(size=90, filled=True, opacity=1).encode(
                x, y, color=colour, tooltip=TIP
            ),
        ],
        height,
    )


def _ahead(found: Foretold) -> Estimate:
    """Return the score that is foretold: the last one and its change."""
    at, change = found.sizes[-1].score.value, found.change
    low, high = (at + (end or 0.0) for end in (change.low, change.high))
    return Estimate(at + change.value, low, high, change.n)


def _row(examples: int, one: Estimate, what: str) -> dict[str, Any]:
    """Return the row of a size; a foretold score stays within what a score can be."""
    low, high = (min(1.0, max(0.0, end or 0.0)) for end in (one.low, one.high))
    return {
        "examples": examples,
        "mean": min(1.0, max(0.0, one.value)),
        "low": low,
        "high": high,
        "what": what,
        "count": count(examples, "example"),
        "shown": with_interval(score, one.value, low, high),
    }
