"""Build Altair charts from records; this module knows no pages and reads no files.

No line crosses two versions of a benchmark, and every point states its n.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt

from dashboard.chart_layers import (
    SCORES,
    adapter_colour,
    band_layers,
    event_layers,
    layered,
    line_layers,
    mean_scale,
    name_axis,
    path_layers,
    time_axis,
)
from dashboard.chart_rows import (
    EFFECT_TIP,
    EVIDENCE_TIP,
    LEAST_EVIDENCE,
    MOST_EVIDENCE,
    POINT_TIP,
    WEEK_TIP,
    Rated,
    case_row,
    data,
    dot_tip,
    effect_rows,
    evidence_row,
    point_row,
    slice_title,
    week_row,
)
from dashboard.colours import (
    BLUE,
    FLAGS,
    GREY,
    MOMENTS,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    cycled,
    version,
)
from dashboard.words import option
from harness.text.figures import day, metric_title, score

if TYPE_CHECKING:
    from harness.flows.queries import (
        Band,
        CaseTimeline,
        Compared,
        Event,
        EvidenceWeek,
        Forgetting,
        Point,
        RateLine,
        SlicePanel,
        WeekRates,
    )

MAX_CASES = 60
"""Rows of the case chart; beyond that the list below it reads better."""


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


def forgetting(
    forgettings: Sequence[Forgetting], legend: bool = False, height_each: int = 30
) -> alt.LayerChart:
    """Draw each adapter's gain on its task over the base, beside its losses elsewhere."""
    rows = list(effect_rows(forgettings))
    colours = effect_colours(forgettings)
    kinds = list(colours)
    colour = alt.Color(
        "what:N",
        title=None,
        legend=alt.Legend(orient="top", columns=1, labelLimit=320) if legend else None,
        scale=alt.Scale(domain=kinds, range=list(colours.values())),
    )
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("adapter:N", title=None, sort=None, axis=name_axis(150)),
        yOffset=alt.YOffset("what:N", sort=kinds),
        color=colour,
        tooltip=EFFECT_TIP,
    )
    zero = alt.Chart(data([{"zero": 0}])).mark_rule(strokeDash=[4, 3], color=GREY)
    height = 70 + height_each * max(1, len(rows))
    return layered(
        [
            zero.encode(x=alt.X("zero:Q")),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X(
                    "low:Q",
                    title="difference from the base, better to the right",
                    axis=alt.Axis(tickCount=6),
                ),
                x2="high:Q",
            ),
            base.mark_point(size=80, filled=True, opacity=1).encode(x="difference:Q"),
        ],
        height,
    )


def effect_colours(forgettings: Sequence[Forgetting]) -> dict[str, str]:
    """Return blue for the gain and a separate colour for each guard."""
    kinds = sorted({(row["guard"], row["what"]) for row in effect_rows(forgettings)})
    guards = iter(cycled((ORANGE, PURPLE, SKY), len(kinds)))
    return {what: next(guards) if guard else BLUE for guard, what in kinds}


def case_dots(
    cases: Sequence[Compared], metric: str, reference: str, candidate: str, legend: bool = False
) -> alt.LayerChart:
    """Draw a pair of dots per case, before and after, with the worst change first."""
    shown = [each for each in cases if each.change is not None][:MAX_CASES]
    rows = [case_row(each, metric) for each in shown]
    order = [row["case"] for row in rows]
    click = alt.selection_point(name="case", fields=["id"], on="click", empty=False)
    flags = [flag for flag in FLAGS if any(row["flag"] == flag for row in rows)]
    colour = alt.Color(
        "flag:N",
        title=None,
        legend=alt.Legend(orient="top") if legend else None,
        scale=alt.Scale(domain=flags, range=[FLAGS[flag] for flag in flags]),
    )
    y = alt.Y("case:N", sort=order, title=None, axis=name_axis(170))
    base = alt.Chart(data(rows)).encode(
        y=y, tooltip=dot_tip(option(reference, 40), option(candidate, 40))
    )
    return layered(
        [
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X(
                    "before:Q",
                    title=metric_title(metric),
                    scale=alt.Scale(domain=[0, 1]),
                    axis=SCORES,
                ),
                x2="after:Q",
                color=colour,
            ),
            base.mark_point(size=60, filled=False, strokeWidth=1.5, color=GREY).encode(
                x="before:Q"
            ),
            base.mark_point(size=80, filled=True, opacity=1)
            .encode(x="after:Q", color=colour)
            .add_params(click),
        ],
        40 + 20 * max(1, len(rows)),
    )


def case_history(history: CaseTimeline, legend: bool = False) -> alt.LayerChart:
    """Draw a case's score under each adapter, the oldest first."""
    rows = [
        {
            "adapter": option(moment.adapter, 40),
            "order": number,
            "score": moment.scores.get(history.metric),
            "when": day(moment.at),
            "what": "in production" if moment.promoted else version(moment.current),
            "shown": score(moment.scores.get(history.metric)),
        }
        for number, moment in enumerate(history.moments)
        if moment.scores.get(history.metric) is not None
    ]
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("adapter:N", title=None, sort=alt.SortField("order"), axis=name_axis(160)),
        tooltip=[
            alt.Tooltip("adapter:N"),
            alt.Tooltip("shown:N", title=metric_title(history.metric)),
            alt.Tooltip("when:N"),
            alt.Tooltip("what:N"),
        ],
    )
    x = alt.X(
        "score:Q", title=metric_title(history.metric), scale=alt.Scale(domain=[0, 1]), axis=SCORES
    )
    return layered(
        [
            base.mark_rule(color=PALE)
            .encode(x=alt.X("zero:Q"), x2="score:Q")
            .transform_calculate(zero="0"),
            base.mark_point(size=110, filled=True, opacity=1).encode(
                x=x,
                color=alt.Color(
                    "what:N",
                    title=None,
                    legend=alt.Legend(orient="top") if legend else None,
                    scale=alt.Scale(domain=list(MOMENTS), range=list(MOMENTS.values())),
                ),
            ),
        ],
        60 + 26 * max(1, len(rows)),
    )


def to_png(chart: alt.TopLevelMixin, title: str) -> bytes:
    """Render a chart as a picture for a slide, on this machine and without the network."""
    import vl_convert

    drawn = chart.to_dict()
    # a chart on a page takes its width from the column, which a picture does not have
    drawn.setdefault("width", 760)
    drawn["title"] = {"text": option(title, 120), "anchor": "start", "fontSize": 15}
    drawn["background"] = "#FFFFFF"
    drawn["padding"] = 16
    made = vl_convert.vegalite_to_png(drawn, scale=2)
    return bytes(made)
