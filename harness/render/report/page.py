"""The report as one HTML file: no script, nothing from elsewhere, for screens and for paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from harness.records import SliceVerdict, Verdict
from harness.render.changes import tally, worst_slice
from harness.render.report import drawing
from harness.render.report.cases import articles, every_case
from harness.render.report.drawing import Scale
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material
from harness.render.report.metrics import axis, gains, past, standings
from harness.render.report.origin import commands, described, origin
from harness.render.verdict import certifiable, references
from harness.text.figures import chance, count, day, metric_title, signed
from harness.text.html import Child, Html, document, element, style

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SIGNS = {"promote": "▲", "reject": "▼", "inconclusive": "◆"}


def report_html(material: Material) -> str:
    """The whole file, with a line feed at its end."""
    verdict = material.verdict
    title = f"{verdict.outcome}: {verdict.candidate} on {verdict.benchmark}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        style(_sheet()),
    )
    parts = [_top(material), *_sections(material), _bottom(material)]
    body = element("body", element("main", parts))
    return document(head, body)


@cache
def _sheet() -> str:
    # It is part of the code, as a module is: reading it asks neither the project nor the store.
    from importlib.resources import files

    return files("harness.render.report").joinpath("report.css").read_text("utf-8")


def _top(material: Material) -> Html:
    verdict = material.verdict
    words = [element("span", SIGNS[verdict.outcome], aria_hidden="true"), f" {verdict.outcome}"]
    badge = element("span", words, class_=f"badge {verdict.outcome}")
    purpose = f"task {verdict.task}" if verdict.task else f"guard {verdict.benchmark}"
    about = [
        purpose,
        count(verdict.n, "case"),
        f"benchmark {verdict.benchmark} {verdict.fingerprint[:6]}",
        day(material.made or material.run.started),
    ]
    return element(
        "header",
        element("h1", badge, " ", element("span", verdict.candidate, class_="name")),
        element("p", " · ".join(about), class_="quiet"),
        element("p", f"Against {references(verdict, material.promoted_at)}"),
        _override(material),
    )


def _override(material: Material) -> Html | None:
    """Whoever compares with it must know that no verdict stands behind it."""
    if not material.overridden:
        return None
    said = f"OVERRIDE: {material.verdict.promoted or ''} was promoted against or without a verdict"
    return element("p", said, class_="override", role="note")


def _sections(material: Material) -> list[Html | None]:
    verdict = material.verdict
    broken = articles(material, "broken")
    return [
        _section("Why", _list(verdict.reasons)),
        _to_do(material),
        _section("Where it stands", _legend(verdict), standings(verdict), _power(verdict)),
        _slices(verdict),
        _section("Every case", _tally(verdict), every_case(material))
        if material.compared
        else None,
        _failing(material),
        _section("Broken cases", broken) if broken and material.texts else None,
        _folded(material, "Fixed cases", "fixed"),
        _folded(material, "Reworded cases, the ideal as likely as before", "reworded"),
        _folded(material, "Other outputs that changed", "changed"),
        _worth(verdict),
        _section("Beside earlier adapters", past(material)) if len(material.placed) > 1 else None,
        _section("Also", _list(verdict.notes)) if verdict.notes else None,
        _guards(material),
        _left_out(verdict),
    ]


def _section(title: str, *children: Child) -> Html:
    return element("section", element("h2", title), children)


def _to_do(material: Material) -> Html | None:
    if not (material.verdict.advice or material.commands):
        return None
    advice = _list(material.verdict.advice) if material.verdict.advice else None
    return _section("What to do", advice, commands(material.commands))


def _list(lines: Sequence[str]) -> Html:
    return element("ul", [element("li", line) for line in lines], class_="lines")


def _legend(verdict: Verdict) -> Html | None:
    if not any(metric.margin is not None for metric in verdict.metrics):
        return None
    said = "Drawn: the difference with its interval; the grey line is no difference, the dashed one"
    return element(
        "p", f"{said} the margin, and what is shaded is worse than that.", class_="quiet"
    )


def _power(verdict: Verdict) -> Html:
    return element("p", certifiable(verdict), class_="quiet")


def _tally(verdict: Verdict) -> Html:
    bound = verdict.break_bound
    could = "" if bound is None else f"; up to {100 * bound:.3g} % could break in production"
    return element("p", tally(verdict), could)


def _failing(material: Material) -> Html | None:
    """Outputs that cannot be used, though the case did not break."""
    found = [
        one
        for one in material.with_flag("fixed", "reworded", "changed", "same", "missing")
        if one.candidate and one.candidate.failed_musts
    ]
    if not found:
        return None
    lines = [
        f"{one.case.id}: {check.name}"
        + (f", {check.message}" if check.message and material.texts else "")
        for one in found
        for check in (one.candidate.failed_musts if one.candidate else ())
    ]
    return _section("Checks that must hold and do not", _list(lines))


def _folded(material: Material, title: str, flag: str) -> Html | None:
    """Closed on a screen, open on paper."""
    if not material.texts or not (found := articles(material, flag)):
        return None
    cases = len(material.with_flag(flag))
    summary = element("summary", element("h2", title), f" {count(cases, 'case')}")
    return element("section", element("details", summary, found))


def _slices(verdict: Verdict) -> Html | None:
    if not verdict.slices:
        return None
    worst = worst_slice(verdict.slices)
    said = f"The slice that lost most is {worst.name}." if worst else "No slice lost."
    scale = Scale.over([0.0, *(one.difference for one in verdict.slices)])
    columns = [
        Column("slice"),
        Column("metric", "word"),
        Column("cases", "number"),
        Column("difference", "number"),
        Column("chance", "number"),
        Column("", "chart"),
    ]
    rows = [_slice(one, scale) for one in sorted(verdict.slices, key=lambda s: s.difference)]
    table = grid(
        "Slices, the worst first", columns, rows, ["", "", "", "", "", axis(scale)], shown=False
    )
    return _section("Slices", element("p", said), table)


def _slice(one: SliceVerdict, scale: Scale) -> list[Child]:
    kind = "tone-worse" if one.difference < 0 else "tone-better"
    picture = drawing.drawing(
        f"{one.name} {signed(one.difference)}",
        20,
        drawing.upright(scale, 0.0, "zero"),
        drawing.stretch(scale, 0.0, one.difference, f"bar {kind}"),
    )
    p = "too few cases" if one.p is None else chance(one.p)
    title = metric_title(one.metric)
    return [
        element("span", one.name, class_="name"),
        title,
        str(one.n),
        signed(one.difference),
        p,
        picture,
    ]


def _worth(verdict: Verdict) -> Html | None:
    """What fine-tuning gained over the base, and what it cost elsewhere."""
    tables = [
        gains(caption, found, verdict.alpha)
        for caption, found in (("Gained", verdict.worth), ("Kept elsewhere", verdict.forgetting))
        if found
    ]
    return _section("Was it worth it?", tables) if tables else None


def _guards(material: Material) -> Html | None:
    found = material.verdict.guards
    if not found:
        return None
    return _section("Guards", [_guard(guard, material) for guard in found])


def _guard(guard: Verdict, material: Material) -> Html:
    badge = element("span", guard.outcome, class_=f"badge small {guard.outcome}")
    about = f"{count(guard.n, 'case')}, benchmark {guard.fingerprint[:6]}, {tally(guard)}"
    run = guard.runs.get("candidate")
    beside = element("p", f"Its own report: run {run}", class_="quiet") if run else None
    return element(
        "article",
        element("h3", element("span", guard.benchmark, class_="name"), badge),
        element("p", about, class_="quiet"),
        _list(guard.reasons),
        standings(guard),
        beside,
    )


def _left_out(verdict: Verdict) -> Html | None:
    if not verdict.left_out:
        return None
    said = "Nobody was judged on these: an adapter has seen them in training."
    return _section("Left out", element("p", said), described(list(verdict.left_out.items())))


def _bottom(material: Material) -> Html:
    summary = element("summary", element("h2", "Where it comes from"))
    found = (origin(material), commands(material.again))
    return element("section", element("details", summary, found))
