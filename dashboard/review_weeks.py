"""Show what people did with a task's outputs week by week, and what the alarm made of it.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import frame, pieces, time_charts
from dashboard.chart_rows import Rated
from dashboard.downloads import offer
from dashboard.drawing import draw
from dashboard.rates import short
from dashboard.time_legend import known_adapters, legend
from harness.flows.queries import OverTime, RateLine
from harness.flows.queries.sheets import WEEKS, weeks_sheet
from harness.text.figures import count
from harness.text.html import element


def weeks(found: OverTime) -> None:
    """Show edit and rejection rates by week with the alarm's evidence; a guard has neither."""
    if found.task is None:
        return
    frame.section("What people did with the outputs")
    if not found.weeks:
        frame.empty(
            "No reviews yet. They come from a file of what people sent, or from the Review page:",
            "lora-harness reviews import FILE",
        )
        return
    if found.synthetic:
        frame.remark("Synthetic reviews among these: made by a script to show the pages.")
    with st.container(key="weeks"):
        left, right = st.columns(2)
        with left:
            _rate_chart(found, "edit", found.edit_line)
        with right:
            _rate_chart(found, "rejection", found.rejection_line)
    with st.expander("The weeks in numbers"):
        frame.html(
            pieces.table(
                ["week", "adapter", "edit rate", "rejection rate"],
                [
                    [
                        each.week,
                        pieces.cut_name(each.adapter),
                        short(each.edit),
                        short(each.rejection),
                    ]
                    for each in reversed(found.weeks)
                ],
                "<<>>",
            )
        )


def _rate_chart(found: OverTime, which: Rated, line: RateLine) -> None:
    frame.html(element("div", f"{which} rate by week, 95 % interval", class_="lh-name"))
    what = (found.weeks, line, found.marks, known_adapters(found), which)
    legend(found, [week.adapter for week in reversed(found.weeks)], line)
    draw(f"weekly-{which}", time_charts.weekly, *what)
    frame.html(pieces.note(_shown(found)))
    _evidence(found, which)
    offer(
        f"{found.task} {which} rate by week",
        WEEKS,
        lambda: weeks_sheet({found.task or "": found.weeks}).rows,
        lambda: time_charts.weekly(*what, legend=True),
    )


def _shown(found: OverTime) -> str:
    """Say how much stands behind the charts of weeks."""
    weeks = count(len({week.week for week in found.weeks}), "week")
    adapters = count(len({week.adapter for week in found.weeks}), "adapter")
    reviews = count(sum(week.n for week in found.weeks), "review")
    return f"{weeks}, {reviews} of outputs of {adapters}; a week without reviews is a gap."


def _evidence(found: OverTime, which: Rated) -> None:
    """Show the alarm's evidence below the rate that it is about."""
    weeks = [week for week in found.evidence if week.signal == f"{which}_rate"]
    if not weeks:
        return
    frame.html(pieces.label(f"The alarm's evidence on the {which} rate"))
    draw(f"evidence-{which}", time_charts.evidence, tuple(weeks), known_adapters(found))
    frame.html(
        pieces.note(
            "At 1 it raises the alarm; a square is a week that did, or would have done so."
            " An adapter's evidence begins with its own reviews."
        )
    )
    offer(
        f"{found.task} evidence on the {which} rate",
        ["week", "adapter", "reviews", "share of an alarm", "alarm"],
        lambda: [[w.week, w.adapter, w.n, w.share, str(w.alarm).lower()] for w in weeks],
    )
