"""What charts are made of: axes, scales, bands of versions, marks of decisions, a team's lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import altair as alt

from dashboard.chart_rows import MARK_TIP, data
from dashboard.colours import GREY, adapter_colours, line_words, mark_kind, mark_kinds
from dashboard.words import option
from harness.text.figures import day

if TYPE_CHECKING:
    from harness.flows.queries import Band, Event, Point, RateLine

SCORES = alt.Axis(tickCount=5, format=".1f")


def time_axis(times: Sequence[str], ticks: int = 6, titled: bool = True) -> alt.X:
    """The axis of time, in UTC as the store has it; hours alone would not say which day."""
    days = sorted({time[:10] for time in times})
    span = " to ".join(dict.fromkeys(day(one) for one in (days[0], days[-1]))) if days else ""
    title = f"{span}, UTC" if span and titled else None
    air = alt.Scale(type="utc", padding=18) if len(set(times)) > 1 else alt.Scale(type="utc")
    axis = alt.Axis(tickCount=ticks, labelOverlap=True, labelFlush=True, grid=False)
    return alt.X("at:T", title=title, axis=axis, scale=air)


def mean_scale(points: Sequence[Point]) -> alt.Scale:
    """From what the intervals span, inside 0 to 1: small changes must be seen."""
    lows = [p.mean if p.low is None else p.low for p in points]
    highs = [p.mean if p.high is None else p.high for p in points]
    if not lows:
        return alt.Scale(domain=[0, 1])
    room = max(0.02, (max(highs) - min(lows)) * 0.12)
    return alt.Scale(
        domain=[max(0.0, min(lows) - room), min(1.0, max(highs) + room)], zero=False, nice=True
    )


def name_axis(longest: int) -> alt.Axis:
    """Every name stays, however narrow the window is."""
    return alt.Axis(
        labelLimit=longest,
        labelOverlap=False,
        labelFlush=False,
        ticks=False,
        domain=False,
        grid=False,
    )


def adapter_colour(adapters: Sequence[str], legend: bool = False) -> alt.Color:
    """On a page the legend stands beside the chart, where it wraps; a picture carries its own."""
    colours = adapter_colours(adapters)
    return alt.Color(
        "adapter:N",
        title=None,
        legend=alt.Legend(orient="top", labelLimit=160) if legend else None,
        scale=alt.Scale(
            domain=[option(name, 40) for name in colours], range=list(colours.values())
        ),
    )


def band_layers(bands: Sequence[Band]) -> list[alt.Chart]:
    """Where there is one version only, the band says nothing that the page does not."""
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


def mark_layers(marks: Sequence[Event], legend: bool) -> list[alt.Chart]:
    """A hair line and a sign at the foot; the words are in the tooltip and in the list below."""
    if not marks:
        return []
    rows = [
        {
            "at": mark.at,
            "what": mark_kind(mark)[0],
            "adapter": option(mark.adapter, 40),
            "when": day(mark.at),
            "words": option(mark.words, 200),
        }
        for mark in marks
    ]
    kinds = mark_kinds(marks)
    names = [kind[0] for kind in kinds]
    told = alt.Legend(orient="bottom", title=None) if legend else None
    base = alt.Chart(data(rows)).encode(x=alt.X("at:T"), tooltip=MARK_TIP)
    shades = alt.Scale(domain=names, range=[k[2] for k in kinds])
    shapes = alt.Scale(domain=names, range=[k[1] for k in kinds])
    return [
        base.mark_rule(strokeDash=[2, 3], opacity=0.7).encode(
            color=alt.Color("what:N", legend=None, scale=shades)
        ),
        base.mark_point(size=110, filled=True, opacity=1).encode(
            y=alt.value("height"),
            color=alt.Color("what:N", legend=told, scale=shades),
            shape=alt.Shape("what:N", legend=told, scale=shapes),
        ),
    ]


def line_layers(line: RateLine, named: bool) -> list[alt.Chart]:
    """What the team declared, with words where no legend stands beside the chart."""
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
    """One above the other; `apart` where layers have colours and shapes of their own."""
    made = alt.layer(*layers)
    if apart:
        made = made.resolve_scale(color="independent", shape="independent")
    return cast(alt.LayerChart, made.properties(height=height))
