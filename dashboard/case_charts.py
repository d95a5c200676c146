"""Draw charts of cases: a pair of dots for each case, and a case across adapters.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt

from dashboard.chart_layers import SCORES, layered, name_axis
from dashboard.chart_rows import case_row, data, dot_tip
from dashboard.colours import FLAGS, GREY, MOMENTS, PALE, version
from dashboard.words import option, short
from harness.text.figures import day, metric_title, score

if TYPE_CHECKING:
    from harness.flows.queries import CaseTimeline, Compared

MAX_CASES = 60
"""Rows of the case chart; beyond that the list below it reads better."""


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
        y=y, tooltip=dot_tip(short(reference, 40), short(candidate, 40))
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
            "adapter": short(moment.adapter, 28),
            "whole": option(moment.adapter, 200),
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
            alt.Tooltip("whole:N", title="adapter"),
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
