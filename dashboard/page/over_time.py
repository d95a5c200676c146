"""Over time: scores of adapters, treatment of their outputs, and the decisions in between.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import charts, choices, colours, frame, pieces, words
from dashboard.chart_rows import Rated
from dashboard.downloads import Cell, offer
from dashboard.rates import short
from harness.flows.queries import Event, OverTime, RateLine, WeekRates, over_time
from harness.text.figures import count, day, metric_title
from harness.text.html import element

MAX_SLICES = 12
"""Charts of slices on the page; the CSV has all slices."""


def body(context: frame.PageContext) -> None:
    """Show a benchmark's metric, its slices, the review rates, the forgetting and the decisions."""
    first = over_time(context.project, context.store, context.benchmark)
    title = st.container()
    found = _chosen(context, first)
    with title:
        frame.headline(*_headline(found))
    if not found.points:
        frame.empty(
            f"No complete run of {found.benchmark} yet. Judging an adapter makes the first:",
            "pytest --model NAME",
        )
    else:
        _metric(found)
        _slices(found)
    _weeks(found)
    _forgetting(found)
    _events(found.marks)


def _headline(found: OverTime) -> tuple[str, str]:
    title = f"{metric_title(found.metric).capitalize()} over time" if found.metric else "Over time"
    lead = f"{found.benchmark} · {count(found.runs, 'run')} of {found.total} shown"
    versions = len(found.bands)
    return title, f"{lead} · {count(versions, 'version')} of the benchmark" if versions else lead


def _chosen(context: frame.PageContext, first: OverTime) -> OverTime:
    with st.container(key="filters"):
        columns = st.columns([1, 1, 2])
        with columns[0]:
            benchmark = choices.one("Benchmark", context.benchmarks, "benchmark", first.benchmark)
        found = (
            first
            if benchmark == first.benchmark
            else over_time(context.project, context.store, benchmark)
        )
        with columns[1]:
            names = [choice.name for choice in found.metrics]
            metric = choices.one("Metric", names, "metric", found.metric, metric_title)
        with columns[2]:
            adapters = choices.several(
                "Adapters", found.adapters, "adapters", "promoted and newest ones"
            )
    if metric == found.metric and not adapters:
        return found
    return over_time(context.project, context.store, benchmark, metric or None, adapters or None)


def _metric(found: OverTime) -> None:
    what = (found.points, found.bands, found.marks, _known(found), found.metric)
    _legend(found, [point.adapter for point in found.points])
    st.altair_chart(charts.metric_over_time(*what), key="metric-chart")
    each = {"run": "one run", "day": "a day's runs", "month": "a month's runs"}[found.period]
    frame.html(
        pieces.note(
            f"Each point is {each} of one adapter: the mean over its cases with its 95 % interval."
            " Lines never cross two versions of the benchmark."
        )
    )
    offer(
        f"{found.benchmark} {found.metric} over time",
        ["time", "adapter", "version", "metric", "mean", "low", "high", "cases", "runs"],
        lambda: [
            [p.at, p.adapter, p.fingerprint, found.metric, p.mean, p.low, p.high, p.n, p.runs]
            for p in found.points
        ],
        lambda: charts.metric_over_time(*what, legend=True),
    )


def _slices(found: OverTime) -> None:
    if not found.slices:
        return
    frame.section("By slice", "The same metric over the cases of each slice, on the same scales.")
    shown = found.slices[:MAX_SLICES]
    for key in dict.fromkeys(panel.name.partition("=")[0] for panel in shown):
        frame.html(pieces.label(key))
        grid = st.grid("auto", min_column_width=230)
        for panel in shown:
            if panel.name.partition("=")[0] == key:
                chart = charts.slice_panel(panel, found.slices, _known(found))
                grid.altair_chart(chart, key=f"slice-{panel.name}")
    left = len(found.slices) - MAX_SLICES
    if left > 0:
        frame.html(pieces.quiet(f"and {count(left, 'slice')} more in the CSV"))
    offer(
        f"{found.benchmark} {found.metric} by slice",
        ["slice", "time", "adapter", "version", "metric", "mean", "low", "high", "cases"],
        lambda: [
            [s.name, p.at, p.adapter, p.fingerprint, found.metric, p.mean, p.low, p.high, p.n]
            for s in found.slices
            for p in s.points
        ],
    )


def _weeks(found: OverTime) -> None:
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
                        words.html(each.adapter, 60),
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
    what = (found.weeks, line, found.marks, _known(found), which)
    _legend(found, [week.adapter for week in found.weeks], line)
    st.altair_chart(charts.weekly(*what), key=f"weekly-{which}")
    offer(
        f"{found.task} {which} rate by week",
        ["week", "adapter", "rate", "low", "high", "reviews", "synthetic"],
        lambda: _week_rows(found.weeks, which),
        lambda: charts.weekly(*what, legend=True),
    )


def _known(found: OverTime) -> list[str]:
    """Return every adapter of the page, so that each keeps its colour from chart to chart."""
    return list(dict.fromkeys([*found.chosen, *(week.adapter for week in found.weeks)]))


def _legend(found: OverTime, adapters: Sequence[str], line: RateLine | None = None) -> None:
    shades = colours.adapter_colours(_known(found))
    kinds = colours.event_kinds(found.marks)
    entries = {name: shades[name] for name in dict.fromkeys(adapters)}
    entries |= {name: colour for name, _, colour, _ in kinds}
    signs = {name: sign for name, _, _, sign in kinds}
    for limit, _, colour in colours.line_words(line) if line else ():
        entries[limit], signs[limit] = colour, "┅"
    frame.html(pieces.legend(entries, signs))


def _week_rows(weeks: Sequence[WeekRates], which: Rated) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    for week in weeks:
        rate = week.edit if which == "edit" else week.rejection
        found.append(
            [week.week, week.adapter, rate.value, rate.low, rate.high, rate.n, rate.synthetic]
        )
    return found


def _forgetting(found: OverTime) -> None:
    shown = [each for each in found.balance if each.gain or each.guards]
    if not shown:
        return
    frame.section(
        "Forgetting beside gain",
        "What each adapter's newest run changed against the base model, over the cases both have.",
    )
    frame.html(pieces.legend(charts.effect_colours(shown)))
    st.altair_chart(charts.forgetting(shown), key="balance")
    rows = [
        (each.adapter, "gain" if effect is each.gain else "guard", effect)
        for each in shown
        for effect in ([each.gain] if each.gain else []) + list(each.guards)
    ]
    offer(
        f"{found.benchmark} gain and forgetting",
        ["adapter", "kind", "benchmark", "metric", "difference", "low", "high", "cases"],
        lambda: [
            [name, kind, e.benchmark, e.metric, e.difference, e.low, e.high, e.n]
            for name, kind, e in rows
        ],
        lambda: charts.forgetting(shown, legend=True),
    )


def _events(events: Sequence[Event]) -> None:
    if not events:
        return
    frame.section("What was decided")
    rows = [
        [
            pieces.unbroken(day(event.at)),
            pieces.badge("OVERRIDE", "override") if event.override else words.html(event.kind),
            pieces.bold(event.adapter),
            words.html(event.words, 300),
        ]
        for event in reversed(events)
    ]
    frame.html(pieces.table(["when", "what", "adapter", "by whom, and why"], rows, "<<<<"))


frame.show("Over time", body)
