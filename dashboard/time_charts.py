"""Draw metrics, review rates, the alarm's evidence and slices over time.

No line crosses two versions of a benchmark, and every point states its n.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt

from dashboard.chart_layers import (
    adapter_colour,
    band_layers,
    event_layers,
    layered,
    line_layers,
    mean_scale,
    path_layers,
    time_axis,
)
from dashboard.chart_rows import (
    EVIDENCE_TIP,
    LEAST_EVIDENCE,
    MOST_EVIDENCE,
    POINT_TIP,
    WEEK_TIP,
    Rated,
    data,
    evidence_row,
    point_row,
    slice_title,
    week_row,
)
from dashboard.colours import VERMILLION
from harness.text.figures import metric_title

if TYPE_CHECKING:
    from harness.flows.queries import (
        Band,
        Event,
        EvidenceWeek,
        Point,
        RateLine,
        SlicePanel,
        WeekRates,
    )


def metric_over_time(
    points: Sequence[Point],
    path: Sequence[Point],
    bands: Sequence[Band],
    events: Sequence[Event],
    adapters: Sequence[str],
    metric: str,
    height: int = 300,
    legend: bool = False,
) -> alt.LayerChart:
    """Draw a metric per run with its interval, over bands of versions, with events on the axis.

    The promoted line lies below, a broad path through all promotions.
    """
    rows = [point_row(point) for point in points]
    moments = [*(point.at for point in (*points, *path)), *(event.at for event in events)]
    x = time_axis(moments)
    y = alt.Y("mean:Q", title=metric_title(metric), scale=mean_scale([*points, *path]))
    colour = adapter_colour(adapters)
    base = alt.Chart(data(rows))
    layers = [
        *band_layers(bands),
        *path_layers(path),
        base.mark_line(strokeWidth=2).encode(x, y, color=colour, detail=["adapter:N", "version:N"]),
        base.mark_rule(strokeWidth=2).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour),
        base.mark_point(size=90, filled=True, opacity=1).encode(
            x, y, color=adapter_colour(adapters, legend), tooltip=POINT_TIP
        ),
        *event_layers(events, legend),
    ]
    return layered(layers, height, apart=True)


def weekly(
    weeks: Sequence[WeekRates],
    line: RateLine,
    events: Sequence[Event],
    adapters: Sequence[str],
    which: Rated,
    height: int = 240,
    legend: bool = False,
) -> alt.LayerChart:
    """Draw a rate by week with Wilson's interval and the team's limits."""
    rows = [row for week in weeks if (row := week_row(week, which)) is not None]
    x = time_axis([*(row["at"] for row in rows), *(event.at for event in events)])
    y = alt.Y("rate:Q", title=f"{which} rate", axis=alt.Axis(format="%", tickCount=5))
    colour = adapter_colour(adapters)
    base = alt.Chart(data(rows))
    layers = [
        base.mark_line(strokeWidth=2).encode(x, y, color=colour, detail="adapter:N"),
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour
        ),
        base.mark_point(size=60, filled=True, opacity=1).encode(
            x, y, color=adapter_colour(adapters, legend), tooltip=WEEK_TIP
        ),
        *line_layers(line, legend),
        *event_layers(events, legend),
    ]
    return layered(layers, height, apart=True)


def evidence(
    weeks: Sequence[EvidenceWeek], adapters: Sequence[str], height: int = 110
) -> alt.LayerChart:
    """Draw the alarm's evidence by week, as a share of what raises it, on a scale of tenths."""
    rows = [evidence_row(week) for week in weeks]
    x = time_axis([row["at"] for row in rows], titled=False)
    y = alt.Y(
        "drawn:Q",
        title="of an alarm",
        scale=alt.Scale(type="log", domain=[LEAST_EVIDENCE, MOST_EVIDENCE]),
        axis=alt.Axis(values=[0.001, 0.01, 0.1, 1, 10, 100], format="~g", grid=True),
    )
    base = alt.Chart(data(rows)).encode(x, y, color=adapter_colour(adapters), tooltip=EVIDENCE_TIP)
    rings = alt.Chart(data([{"drawn": 1}])).mark_rule(strokeDash=[6, 4], color=VERMILLION)
    return layered(
        [
            rings.encode(alt.Y("drawn:Q")),
            base.mark_line(strokeWidth=1.5).encode(detail="adapter:N"),
            base.mark_point(size=45, filled=True, opacity=1).encode(
                shape=alt.Shape(
                    "alarm:N",
                    legend=None,
                    scale=alt.Scale(domain=[False, True], range=["circle", "square"]),
                )
            ),
        ],
        height,
    )


def slice_panel(
    panel: SlicePanel,
    panels: Sequence[SlicePanel],
    adapters: Sequence[str],
    height: int = 165,
) -> alt.LayerChart:
    """Draw a slice as a small multiple; all panels share their scales."""
    everything = [point for each in panels for point in each.points]
    rows = [point_row(point) for point in panel.points]
    x = time_axis([point.at for point in everything], ticks=3, titled=False)
    y = alt.Y("mean:Q", title=None, scale=mean_scale(everything), axis=alt.Axis(tickCount=4))
    colour = adapter_colour(adapters)
    base = alt.Chart(data(rows), title=alt.Title(slice_title(panel), anchor="start", fontSize=13))
    return layered(
        [
            base.mark_line(strokeWidth=1.5).encode(
                x, y, color=colour, detail=["adapter:N", "version:N"]
            ),
            base.mark_rule(strokeWidth=1.5, opacity=0.5).encode(
                x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour
            ),
            base.mark_point(size=45, filled=True, opacity=1).encode(
                x, y, color=colour, tooltip=POINT_TIP
            ),
        ],
        height,
    )
