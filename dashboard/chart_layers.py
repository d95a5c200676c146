"""Parts of charts: axes, scales, bands of benchmark versions, events, and a team's limits.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, cast

import altair as alt

from dashboard.chart_rows import EVENT_TIP, data, point_row
from dashboard.colours import GREEN, GREY, adapter_colours, event_kind, event_kinds, line_words
from dashboard.words import MAX_NAME, option, short
from harness.text.figures import day

if TYPE_CHECKING:
    from harness.flows.queries import Band, Event, Point, RateLine

MANY_HOURS, MANY_DAYS = 4, 200
"""Days from which hours, and then days, no longer fit on the axis."""
SCORES = alt.Axis(tickCount=5, format=".1f")


def time_axis(times: Sequence[str], ticks: int = 6, titled: bool = True) -> alt.X:
    """Return the time axis in UTC; its title names the days, which hours alone would not."""
    days = sorted({time[:10] for time in times})
    span = " to ".join(dict.fromkeys(day(one) for one in (days[0], days[-1]))) if days else ""
    title = f"{span}, UTC" if span and titled else None
    # A single moment has no span to pad.
    scale = alt.Scale(type="utc", padding=18) if len(set(times)) > 1 else alt.Scale(type="utc")
    axis = alt.Axis(
        tickCount=ticks, format=_time_format(days), labelOverlap=True, labelFlush=True, grid=False
    )
    return alt.X("at:T", title=title, axis=axis, scale=scale)


def _time_format(days: Sequence[str]) -> str:
    """Return how times are written on the axis: hours of a day, days of a season, months."""
    if len(days) < 2:
        return "%H:%M"
    spanned = (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days
    if spanned < MANY_HOURS:
        return "%-d %b %H:%M"
    return "%-d %b" if spanned < MANY_DAYS else "%b %Y"


def mean_scale(points: Sequence[Point]) -> alt.Scale:
    """Return a scale that fits the intervals, within 0 to 1, so that small changes are visible."""
    lows = [p.mean if p.low is None else p.low for p in points]
    highs = [p.mean if p.high is None else p.high for p in points]
    if not lows:
        return alt.Scale(domain=[0, 1])
    # At least 0.02, so that equal points do not shrink the axis to a point.
    space = max(0.02, (max(highs) - min(lows)) * 0.12)
    return alt.Scale(
        domain=[max(0.0, min(lows) - space), min(1.0, max(highs) + space)], zero=False, nice=True
    )


def name_axis(longest: int) -> alt.Axis:
    """Return an axis that shows every name, however narrow the window is."""
    return alt.Axis(
        labelLimit=longest,
        labelOverlap=False,
        labelFlush=False,
        ticks=False,
        domain=False,
        grid=False,
    )


def adapter_colour(adapters: Sequence[str], legend: bool = False) -> alt.Color:
    """Colour lines and points by adapter; a page writes its legend in HTML, which can wrap."""
    colours = adapter_colours(adapters)
    return alt.Color(
        "adapter:N",
        title=None,
        legend=alt.Legend(orient="top", labelLimit=160) if legend else None,
        scale=alt.Scale(
            domain=[short(name, MAX_NAME) for name in colours], range=list(colours.values())
        ),
    )


def band_layers(bands: Sequence[Band]) -> list[alt.Chart]:
    """Shade the versions of the benchmark; a single version needs no band."""
    if len(bands) < 2:
        return []
    rows = [
        {
            "first": band.first,
            "last": band.last,
            "version": f"version {band.fingerprint[:6]}" + (" (now)" if band.current else ""),
            "shade": ("even", "odd")[number % 2],
        }
        for number, band in enumerate(bands)
    ]
    base = alt.Chart(data(rows)).encode(x=alt.X("first:T"), x2="last:T")
    shade = alt.Scale(domain=["even", "odd"], range=[0.05, 0.14])
    return [
        base.mark_rect(color=GREY).encode(
            opacity=alt.Opacity("shade:N", scale=shade, legend=None), tooltip="version:N"
        ),
        base.mark_text(align="left", baseline="top", dx=4, dy=4, color=GREY, fontSize=11).encode(
            text="version:N", y=alt.value(0)
        ),
    ]


def path_layers(path: Sequence[Point]) -> list[alt.Chart]:
    """Draw the promoted line as a broad band below the adapters' own lines."""
    if not path:
        return []
    rows = [point_row(point) | {"place": number} for number, point in enumerate(path)]
    base = alt.Chart(data(rows)).encode(
        alt.X("at:T"),
        alt.Y("mean:Q"),
        detail="version:N",
        order=alt.Order("place:Q"),
        color=alt.value(GREEN),
    )
    return [base.mark_line(strokeWidth=9, opacity=0.28, strokeCap="round", strokeJoin="round")]


def event_layers(events: Sequence[Event], legend: bool) -> list[alt.Chart]:
    """Draw each event as a dotted line with a sign at its foot; the tooltip says what happened."""
    if not events:
        return []
    rows = [
        {
            "at": event.at,
            "what": event_kind(event)[0],
            "adapter": option(event.adapter, 200),
            "when": day(event.at),
            "words": option(event.words, 200),
        }
        for event in events
    ]
    kinds = event_kinds(events)
    names = [kind[0] for kind in kinds]
    shown = alt.Legend(orient="bottom", title=None) if legend else None
    base = alt.Chart(data(rows)).encode(x=alt.X("at:T"), tooltip=EVENT_TIP)
    shades = alt.Scale(domain=names, range=[k[2] for k in kinds])
    shapes = alt.Scale(domain=names, range=[k[1] for k in kinds])
    return [
        base.mark_rule(strokeDash=[2, 3], opacity=0.7).encode(
            color=alt.Color("what:N", legend=None, scale=shades)
        ),
        base.mark_point(size=110, filled=True, opacity=1).encode(
            y=alt.value("height"),
            color=alt.Color("what:N", legend=shown, scale=shades),
            shape=alt.Shape("what:N", legend=shown, scale=shapes),
        ),
    ]


def line_layers(line: RateLine, named: bool) -> list[alt.Chart]:
    """Draw the team's limits, with labels where no legend stands beside the chart."""
    rows = [
        {"at": value, "what": what, "colour": colour} for what, value, colour in line_words(line)
    ]
    if not rows:
        return []
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("at:Q"), color=alt.Color("colour:N", scale=None, legend=None)
    )
    rule = base.mark_rule(strokeDash=[6, 4], strokeWidth=1.5)
    words = base.mark_text(align="right", baseline="bottom", dy=-3, fontSize=11)
    return [rule, words.encode(text="what:N", x=alt.value("width"))] if named else [rule]


def layered(layers: Sequence[alt.Chart], height: float, apart: bool = False) -> alt.LayerChart:
    """Lay charts over each other; `apart` gives every layer its own colours and shapes."""
    made = alt.layer(*layers)
    if apart:
        made = made.resolve_scale(color="independent", shape="independent")
    return cast(alt.LayerChart, made.properties(height=height))
