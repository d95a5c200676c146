"""Cases: the benchmark, its weak points, and a case across adapters.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard import case_charts, choices, colours, frame, pieces, words
from dashboard.asked import about_metric
from dashboard.downloads import offer
from dashboard.drawing import draw
from harness.flows.queries import CaseMoment, CaseRow, CasesPage, CaseTimeline, case_history, cases
from harness.text.figures import count, day, metric_title, score
from harness.text.html import Child, element

LISTED = 100
"""Rows of the table; the CSV has them all."""


def body(context: frame.PageContext) -> None:
    """Show the benchmark as a whole, then the chosen case, then all cases."""
    title = st.container()
    found = _chosen(context)
    with title:
        frame.headline(*_headline(found))
    if not found.cases:
        frame.empty(
            "This benchmark has no cases. They come from a file of inputs and ideal outputs:",
            "lora-harness benchmark import FILE",
        )
        return
    _health(found)
    if not found.adapters:
        frame.empty("No adapter ran on these cases yet:", "pytest --model NAME")
    _one(context, found)
    _all(found)


def _chosen(context: frame.PageContext) -> CasesPage:
    ask = partial(cases, context.project, context.store)
    with st.container(key="filters"):
        found, metric = about_metric(context, ask, st.columns([1, 1, 2]))
    return found if metric in (found.metric, "") else ask(found.benchmark, metric)


def _headline(found: CasesPage) -> tuple[str, str]:
    known = f"version {found.fingerprint[:6]} · {count(found.adapters, 'adapter')} ran on it"
    kind = "" if found.task else "guard · "
    judged = f" · {count(found.judged, 'candidate')} judged"
    return f"{found.benchmark}: {count(len(found.cases), 'case')}", f"{kind}{known}{judged}"


def _health(found: CasesPage) -> None:
    if found.description:
        frame.html(element("div", found.description, class_="lh-prose"))
    if found.health:
        frame.section("Its health")
        frame.html(pieces.listed([_note(note.message, note.cases) for note in found.health]))


def _note(message: str, cases: Sequence[str]) -> str:
    if not cases or any(case in message for case in cases):
        return message
    more = f" and {len(cases) - 5} more" if len(cases) > 5 else ""
    return f"{message}: {', '.join(cases[:5])}{more}"


def _one(context: frame.PageContext, found: CasesPage) -> None:
    frame.section("One case")
    ids = [row.case.id for row in found.cases]
    picked = choices.one("Case", ids, "case")
    history = case_history(
        context.project, context.store, found.benchmark, picked, found.metric or None
    )
    if history.case is None:
        return
    with st.container(border=True):
        frame.before(history.case, "input")
        left, right = st.columns(2)
        with left:
            frame.text("Input", history.case.input, "input")
        with right:
            for number, ideal in enumerate(history.case.ideals):
                frame.text("Ideal" if number == 0 else "or", ideal, f"ideal-{number}")
        if history.moments:
            _moments(history)


def _moments(history: CaseTimeline) -> None:
    assert history.case is not None
    shown = {"in production" if m.promoted else colours.version(m.current) for m in history.moments}
    frame.html(pieces.legend({what: c for what, c in colours.MOMENTS.items() if what in shown}))
    draw("case-history", case_charts.case_history, history)
    scored = sum(moment.scores.get(history.metric) is not None for moment in history.moments)
    frame.html(
        pieces.note(f"{scored} of the newest {count(len(history.moments), 'adapter')} are drawn.")
    )
    offer(
        f"{history.benchmark} {history.case.id}",
        ["adapter", "time", "version", "metric", "score", "output"],
        lambda: [
            [m.adapter, m.at, m.fingerprint, history.metric, m.scores.get(history.metric), m.text]
            for m in history.moments
        ],
        lambda: case_charts.case_history(history, legend=True),
    )
    for number, moment in enumerate(reversed(history.moments)):
        _moment(history, moment, number)


def _moment(history: CaseTimeline, moment: CaseMoment, number: int) -> None:
    assert history.case is not None
    promoted = pieces.badge("in production", "good") if moment.promoted else None
    older = None if moment.current else pieces.badge("older version", "quiet")
    scored = f"{metric_title(history.metric)} {score(moment.scores.get(history.metric))}"
    about = pieces.quiet(f"{scored} · {day(moment.at)}")
    name = pieces.bold(moment.adapter)
    frame.html(element("div", name, promoted, older, about, class_="lh-head lh-gap"))
    frame.text("", moment.text, f"moment-{number}")
    frame.thoughts(moment.whole, moment.unended, f"thoughts-{number}")
    if failed := pieces.failed(moment.checks):
        frame.html(failed)


def _all(found: CasesPage) -> None:
    frame.section(
        "All cases", f"{metric_title(found.metric)}; each adapter's newest run counts once."
    )
    frame.html(
        pieces.table(
            ["case", "slices", "in production", "worst", "mean", "best", "adapters", ""],
            [_row(row) for row in found.cases[:LISTED]],
            "<<>>>>><",
        )
    )
    left = len(found.cases) - LISTED
    if left > 0:
        frame.html(pieces.quiet(f"and {count(left, 'case')} more in the CSV"))
    offer(
        f"{found.benchmark} cases",
        ["case", "slices", "critical", "metric", "promoted", "worst", "mean", "best", "adapters"],
        lambda: [
            [
                row.case.id,
                _slices(row),
                "yes" if row.case.critical else "no",
                found.metric,
                *(row.promoted, row.worst, row.mean, row.best),
                row.adapters,
            ]
            for row in found.cases
        ],
    )


def _row(row: CaseRow) -> list[Child]:
    critical = [" ", pieces.badge("critical", "watch")] if row.case.critical else None
    return [
        [words.html(row.case.id, 120), critical],
        pieces.quiet(_slices(row), 120),
        *(score(value) for value in (row.promoted, row.worst, row.mean, row.best)),
        str(row.adapters),
        words.html(", ".join(row.notes), 200),
    ]


def _slices(row: CaseRow) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.case.slices.items())


frame.show("Cases", body)
