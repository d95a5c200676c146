"""Compare: a candidate's differences from its reference, by metric, in dots, and case by case.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast, get_args

import streamlit as st

from dashboard import case_charts, choices, colours, frame, pieces, told, words
from dashboard.asked import about_benchmark
from dashboard.downloads import offer
from dashboard.drawing import draw_clickable, draw_made
from dashboard.verdict_chart import verdict_chart
from harness.flows.queries import Compared, Comparison, Flag, compare, filtered
from harness.records import CaseResult, Verdict, slice_names
from harness.render.evidence import further_reasons
from harness.render.notebook import metrics_sheet
from harness.text.figures import count, metric_title, score, signed
from harness.text.html import Html


def body(context: frame.PageContext) -> None:
    """Compare the newest candidate with the promoted adapter, unless others are chosen."""
    title = st.container()
    found = _chosen(context)
    with title:
        frame.headline(*_headline(found))
    if found.candidate is None or found.reference is None:
        missing = found.missing.partition(":")[0] or "Nothing to compare yet"
        frame.empty(f"{missing}:", found.command)
        return
    if found.verdict:
        _verdict(found, found.verdict)
    _cases(context, found)
    frame.section(
        "On the command line", "Deciding stays there; nothing is promoted from a browser."
    )
    frame.command(found.command)


def _chosen(context: frame.PageContext) -> Comparison:
    ask = partial(compare, context.project, context.store)
    with st.container(key="filters"):
        columns = st.columns(4)
        first = about_benchmark(context, ask, columns[0])
        with columns[1]:
            candidate = choices.one(
                "Candidate", first.adapters, "candidate", _name(first.candidate)
            )
        with columns[2]:
            others = [name for name in first.adapters if name != candidate]
            reference = choices.one("Against", others, "against", _name(first.reference))
        with columns[3]:
            metric = choices.one("Metric", first.metrics, "metric", first.metric, metric_title)
    asked = (candidate, reference, metric)
    if asked == (_name(first.candidate), _name(first.reference), first.metric):
        return first
    return ask(first.benchmark, candidate or None, reference or None, metric or None)


def _name(run: object) -> str | None:
    return getattr(run, "adapter", None)


def _headline(found: Comparison) -> tuple[str, str]:
    if found.candidate is None or found.reference is None:
        return "Nothing to compare yet", ""
    role = {"promoted": ", in production", "base": ", the plain model", "chosen": ""}
    against = f"against {found.reference.adapter}{role[found.reference_role]}"
    now = "in production, " if found.promoted else ""
    lead = f"{now}{against} · {count(len(found.cases), 'case')} of {found.benchmark}"
    outcome = f": {found.verdict.outcome}" if found.verdict else ""
    return f"{found.candidate.adapter}{outcome}", lead


def _verdict(found: Comparison, verdict: Verdict) -> None:
    when = "" if found.verdict_id else ", computed just now from the stored runs"
    with st.container(border=True):
        frame.html(told.outcome(verdict, when), told.rests_on(verdict, bool(found.verdict_id)))
        if why := further_reasons(verdict):
            frame.html(pieces.listed(why))
        if verdict.advice:
            frame.html(pieces.following(), pieces.listed(verdict.advice))
        frame.html(told.metrics(verdict))
        _chart(verdict)
        frame.html(told.worth(verdict), told.shown_with_it(verdict))
        if verdict.finals and verdict.finals.texts:
            with st.expander(f"{count(len(verdict.finals.texts), 'text')} would be lost"):
                frame.html(told.lost(verdict, found.lost))


def _chart(verdict: Verdict) -> None:
    chart = verdict_chart(verdict)
    if chart is not None:
        frame.html(told.legend(verdict))
        draw_made("verdict", chart)
        sheet = metrics_sheet(verdict)
        offer(
            *(f"{verdict.candidate} {verdict.benchmark} verdict", sheet.columns),
            *(lambda: sheet.rows, lambda: verdict_chart(verdict, legend=True) or chart),
        )


def _cases(context: frame.PageContext, found: Comparison) -> None:
    counts = told.beside_collapsed(found.verdict) if found.verdict else ""
    frame.section(
        "Case by case", f"The worst change first. Click a dot, or pick a case below. {counts}"
    )
    with st.container(key="case-filters"):
        left, right = st.columns(2)
        with left:
            slices = choices.several("Slices", found.slices, "slice", "all slices")
        with right:
            present = {case.flag for case in found.cases}
            known = [flag for flag in get_args(Flag) if flag in present]
            flags = choices.several("Only", known, "only", "broken, fixed, all others")
    shown = filtered(found, slices, cast(tuple[Flag, ...], flags))
    if not shown:
        frame.empty("No case is in all of these at once; take one of the filters away.", "")
        return
    clicked = _dots(found, shown)
    _open(context, found, shown, clicked)


def _dots(found: Comparison, shown: Sequence[Compared]) -> str | None:
    assert found.reference is not None and found.candidate is not None
    names = (found.reference.adapter, found.candidate.adapter)
    flags = {one.flag for one in shown if one.change is not None}
    adapters = {f"{names[0]}, before": colours.GREY, f"{names[1]}, now": "inherit"}
    keys: dict[str, str] = {f: colour for f, colour in colours.FLAGS.items() if f in flags}
    if any(one.case.critical for one in shown):
        keys["critical case"] = "inherit"
    signs = {f"{names[0]}, before": "○", "critical case": "!"}
    frame.html(pieces.legend(adapters | keys, signs))
    event = draw_clickable("dots", "case", case_charts.case_dots, shown, found.metric, *names)
    scored = [one for one in shown if one.change is not None]
    drawn = min(len(scored), case_charts.MAX_CASES)
    which = ", those with the worst change" if drawn < len(scored) else ""
    frame.html(pieces.note(f"{drawn} of {count(len(found.cases), 'case')} are drawn{which}."))
    offer(
        f"{names[1]} against {names[0]} {found.benchmark}",
        ["case", "slices", "flag", "metric", *names, "change", "output before", "output now"],
        lambda: [
            [
                one.case.id,
                " ".join(slice_names(one.case.slices)),
                one.flag,
                found.metric,
                *one.scores.get(found.metric, (None, None)),
                one.change,
                one.reference.text if one.reference else None,
                one.candidate.text if one.candidate else None,
            ]
            for one in shown
        ],
        lambda: case_charts.case_dots(shown, found.metric, *names, legend=True),
    )
    picked = event.get("selection", {}).get("case", []) if isinstance(event, dict) else []
    return str(picked[0].get("id")) if picked else None


def _open(
    context: frame.PageContext, found: Comparison, shown: Sequence[Compared], clicked: str | None
) -> None:
    """Show the chosen case; a click on a dot chooses it, and the address keeps it."""
    by_id = {one.case.id: one for one in shown}
    # Streamlit repeats the click on every rerun: only a new click may change the list's choice.
    if clicked in by_id and st.session_state.get("clicked") != clicked:
        st.session_state["clicked"] = clicked
        choices.choose("case", clicked)
    picked = choices.one("Case", list(by_id), "case")
    with st.container(border=True):
        _case(context, found, by_id.get(picked, shown[0]))


def _case(context: frame.PageContext, found: Comparison, one: Compared) -> None:
    assert found.reference is not None and found.candidate is not None
    moved = f"{metric_title(found.metric)} {signed(one.change)}"
    about = " · ".join([moved, *(f"{key} {value}" for key, value in one.case.slices.items())])
    critical = pieces.badge("critical", "watch") if one.case.critical else None
    frame.html(pieces.head(one.case.id, pieces.badge(one.flag), critical, pieces.quiet(about)))
    if one.accepted:
        frame.remark(f"Accepted: {one.accepted}")
    frame.before(one.case, "input")
    left, right = st.columns(2)
    with left:
        frame.text("Input", one.case.input, "input")
    with right:
        for number, ideal in enumerate(one.case.ideals):
            frame.text("Ideal" if number == 0 else "or", ideal, f"ideal-{number}")
    left, right = st.columns(2)
    with left:
        _output(found.reference.adapter, one.reference, "before")
    with right:
        _output(found.candidate.adapter, one.candidate, "now")
    if one.reference and one.candidate and one.flag != "same":
        marked = words.difference(one.reference.text, one.candidate.text)
        frame.html(pieces.label("What changed, word by word"), marked)
    frame.html(_scores(found, one))
    context.link(
        *("cases", "This case across all adapters", ":material/history:"),
        **{"benchmark": found.benchmark, "metric": found.metric, "case": one.case.id},
    )


def _output(adapter: str, result: CaseResult | None, key: str) -> None:
    frame.text(adapter, result.text if result else "", key)
    if result:
        frame.thoughts(result.whole, result.unended, f"thoughts-{key}")
    if failed := pieces.failed(result.checks if result else ()):
        frame.html(failed)


def _scores(found: Comparison, one: Compared) -> Html:
    assert found.reference is not None and found.candidate is not None
    rows = []
    for name, (before, after) in one.scores.items():
        moved = None if before is None or after is None else after - before
        rows.append(
            [words.html(metric_title(name), 60), score(before), score(after), signed(moved)]
        )
    names = (words.short(run.adapter, 28) for run in (found.reference, found.candidate))
    head = ["metric", *names, "difference"]
    return pieces.table(head, rows, "<>>>")


frame.show("Compare", body)
