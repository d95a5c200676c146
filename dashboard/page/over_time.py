"""Over time: scores of adapters, treatment of their outputs, and the decisions in between.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard import choices, colours, effect_charts, frame, pieces, review_weeks, trends, words
from dashboard.asked import about_benchmark
from dashboard.downloads import offer
from dashboard.drawing import draw
from harness.flows.queries import (
    Event,
    OverTime,
    all_metrics,
    over_time,
)
from harness.text.figures import count, day, metric_title

ALL = "all"
"""Chooses every metric; no metric has this name."""


def body(context: frame.PageContext) -> None:
    """Show a benchmark's metric, its slices, the review rates, the forgetting and the decisions."""
    title = st.container()
    found, asked = _chosen(context)
    with title:
        frame.headline(*_headline(found))
        _standing(found)
    if not found.points:
        _no_run(found, asked)
    else:
        if asked.all_metrics:
            panels = all_metrics(
                *(context.project, context.store, found.benchmark, asked.adapters or None),
                *(asked.since, asked.until),
            )
            trends.metrics(found, panels)
        else:
            trends.metric(found)
        trends.slices(found)
    review_weeks.weeks(found)
    _forgetting(found)
    _events(found.marks)


def _headline(found: OverTime) -> tuple[str, str]:
    title = f"{words.begun(metric_title(found.metric))} over time" if found.metric else "Over time"
    lead = f"{found.benchmark} · {count(found.runs, 'run')} of {found.total} shown"
    versions = len(found.bands)
    return title, f"{lead} · {count(versions, 'version')} of the benchmark" if versions else lead


def _standing(found: OverTime) -> None:
    """Answer whether the adapter in production is still good, and why, before any chart."""
    if found.standing is None:
        return
    state = found.standing.state
    mark = pieces.badge(state) if state else pieces.badge("not known", "quiet")
    frame.html(
        pieces.head(found.standing.answer, " ", mark),
        pieces.listed(found.standing.reasons) if found.standing.reasons else None,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader chose to see."""

    all_metrics: bool
    adapters: tuple[str, ...]
    since: str | None
    until: str | None


def _chosen(context: frame.PageContext) -> tuple[OverTime, Asked]:
    ask = partial(over_time, context.project, context.store)
    with st.container(key="filters"):
        columns = st.columns([2, 2, 2.4, 1.8, 1.8])
        found = about_benchmark(context, ask, columns[0])
        with columns[1]:
            names = [choice.name for choice in found.metrics]
            every = [*names, ALL] if len(names) > 1 else names
            metric = choices.one("Metric", every, "metric", found.metric, _metric_name)
        with columns[2]:
            adapters = choices.several(
                "Adapters", found.adapters, "adapters", "promoted and newest ones"
            )
        with columns[3]:
            since = choices.day("From", "from")
        with columns[4]:
            until = choices.day("To", "to")
    asked = Asked(metric == ALL, adapters, since, until)
    one = found.metric if asked.all_metrics else metric
    if (one, adapters, since, until) == (found.metric, (), None, None):
        return found, asked
    return ask(found.benchmark, one or None, adapters or None, since, until), asked


def _metric_name(name: str) -> str:
    return "all metrics" if name == ALL else metric_title(name)


def _no_run(found: OverTime, asked: Asked) -> None:
    if found.total and (asked.since or asked.until):
        frame.empty("No run in this range. Choose other days, or none.", "")
        return
    frame.empty(
        f"No complete run of {found.benchmark} yet. Judging an adapter makes the first:",
        "pytest --model NAME",
    )


def _forgetting(found: OverTime) -> None:
    shown = [each for each in found.balance if each.gain or each.guards]
    if not shown:
        return
    frame.section(
        "Forgetting beside gain",
        "What each adapter's newest run changed against the base model, over the cases both have.",
    )
    signs = {what: sign for what, (_, sign) in effect_charts.effect_shapes(shown).items()}
    frame.html(pieces.legend(dict.fromkeys(signs, "inherit") | colours.EFFECTS, signs))
    draw("balance", effect_charts.forgetting, tuple(shown))
    of = f"{len(shown)} of {count(len(found.chosen), 'adapter')}"
    frame.html(pieces.note(f"{of}: those that ran on the same cases as the base."))
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
        lambda: effect_charts.forgetting(shown, legend=True),
    )


def _events(events: Sequence[Event]) -> None:
    if not events:
        return
    frame.section("What happened")
    rows = [
        [
            pieces.unbroken(day(event.at)),
            pieces.badge("OVERRIDE", "override")
            if event.override
            else words.html(colours.event_kind(event)[0]),
            pieces.bold(event.adapter) if event.adapter else "",
            words.html(event.words, 300),
        ]
        for event in reversed(events)
    ]
    frame.html(pieces.table(["when", "what", "adapter", "by whom, and why"], rows, "<<<<"))


frame.show("Over time", body)
