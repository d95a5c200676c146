"""The report as an HTML file without scripts and external resources, for screens and paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from harness.records import SliceVerdict, Verdict
from harness.render.changes import tally, worst_slice
from harness.render.evidence import further_reasons, in_one_sentence
from harness.render.facts import BAR_MOVED, facts, moved_bar, other_notes
from harness.render.report import drawing
from harness.render.report.cases import articles, every_case
from harness.render.report.drawing import Scale
from harness.render.report.evidence import lost_texts, rests_on
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material
from harness.render.report.metrics import HOW_DRAWN, axis, gains, metric_grids, past
from harness.render.report.origin import commands, described, origin
from harness.render.verdict import certifiable, references
from harness.text.figures import chance, count, day, metric_title, signed
from harness.text.html import Child, Html, document, element, style

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SIGNS = {"promote": "▲", "reject": "▼", "inconclusive": "◆"}


def report_html(material: Material) -> str:
    """Return the whole file, with a line feed at its end."""
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
        style(sheet_text()),
    )
    summary = element("summary", element("h2", "Where it comes from"))
    found = (origin(material), commands(material.again))
    bottom = element("section", element("details", summary, found))
    return document(
        head, element("body", element("main", _top(material), _sections(material), bottom))
    )


@cache
def sheet_text() -> str:
    """Return the style sheet of a report."""
    # a file of the package, so pages may be rendered without a project or a store
    from importlib.resources import files

    return files("harness.render.report").joinpath("report.css").read_text("utf-8")


def _top(material: Material) -> Html:
    made = material.made or material.run.started
    found = head(
        material.verdict,
        made=made,
        promoted_at=material.promoted_at,
        overridden=material.overridden,
    )
    return element("header", found)


def head(
    verdict: Verdict,
    *,
    level: str = "h1",
    made: str | None = None,
    promoted_at: str | None = None,
    overridden: bool = False,
) -> list[Html | None]:
    """Return what a reader sees first: the outcome, about what, and what it rests on."""
    words = [element("span", SIGNS[verdict.outcome], aria_hidden="true"), f" {verdict.outcome}"]
    badge = element("span", words, class_=f"badge {verdict.outcome}")
    about = [
        f"task {verdict.task}" if verdict.task else f"guard {verdict.benchmark}",
        count(verdict.n, "case"),
        f"benchmark {verdict.benchmark} {verdict.fingerprint[:6]}",
        *([day(made)] if made else []),
    ]
    warning = f"OVERRIDE: {verdict.promoted or ''} was promoted against or without a verdict"
    moved, said = moved_bar(verdict), in_one_sentence(verdict)
    bar = f"{BAR_MOVED.capitalize()}: {moved}"
    return [
        element(level, badge, " ", element("span", verdict.candidate, class_="name")),
        element("p", " · ".join(about), class_="quiet"),
        element("p", f"Against {references(verdict, promoted_at)}"),
        element("p", warning, class_="override", role="note") if overridden else None,
        element("p", said, class_="sentence") if said else None,
        rests_on(verdict),
        element("p", bar, class_="moved", role="note") if moved else None,
    ]


def _sections(material: Material) -> list[Html | None]:
    """Return the sections in reading order; None for those without content."""
    verdict = material.verdict
    broken = articles(material, "broken")
    why, notes = further_reasons(verdict), other_notes(verdict)
    cases = (element("p", tally(verdict), _could(verdict)), every_case(material))
    charts = [
        gains(caption, found, verdict.alpha)
        for caption, found in (("Gained", verdict.worth), ("Kept elsewhere", verdict.forgetting))
        if found
    ]
    return [
        _section("Why", lines(why)) if why else None,
        _to_do(material),
        _section("Where it stands", _legend(verdict), metric_grids(verdict), _shown(verdict)),
        _slices(verdict),
        _section("Every case", *cases) if material.compared else None,
        _failing(material),
        lost_texts(material),
        _section("Broken cases", broken) if broken and material.texts else None,
        _folded(material, "Fixed cases", "fixed"),
        _folded(material, "Reworded cases, the ideal as likely as before", "reworded"),
        _folded(material, "Other outputs that changed", "changed"),
        _section("Was it worth it?", charts) if charts else None,
        _section("Beside earlier adapters", past(material)) if len(material.placed) > 1 else None,
        _section("Also", lines(notes)) if notes else None,
        _section("Guards", map(_guard, verdict.guards)) if verdict.guards else None,
        _left_out(verdict),
    ]


def _shown(verdict: Verdict) -> Html:
    """Show the margin, the risk and the rest of what goes with every verdict."""
    if verdict.rule < 2:
        return element("p", certifiable(verdict), class_="quiet")
    return described([(label, said) for label, said in facts(verdict) if label != BAR_MOVED])


def _could(verdict: Verdict) -> str:
    bound = verdict.break_bound
    # the facts of the second rule say it with the number of cases that can break
    if bound is None or verdict.rule > 1:
        return ""
    return f"; up to {100 * bound:.3g} % could break in production"


def _section(title: str, *children: Child) -> Html:
    return element("section", element("h2", title), children)


def lines(sentences: Sequence[str]) -> Html:
    """Return a list with an item for each sentence."""
    return element("ul", [element("li", line) for line in sentences], class_="lines")


def _to_do(material: Material) -> Html | None:
    if not (material.verdict.advice or material.commands):
        return None
    advice = lines(material.verdict.advice) if material.verdict.advice else None
    return _section("What to do", advice, commands(material.commands))


def _legend(verdict: Verdict) -> Html | None:
    if not any(metric.margin is not None for metric in verdict.metrics):
        return None
    return element("p", HOW_DRAWN, class_="quiet")


def _failing(material: Material) -> Html | None:
    """List outputs that are unusable though their case did not break."""
    found = [
        f"{compared.case.id}: {check.name}"
        + (f", {check.message}" if check.message and material.texts else "")
        for compared in material.with_flag("fixed", "reworded", "changed", "same", "missing")
        for check in (compared.candidate.failed_musts if compared.candidate else ())
    ]
    return _section("Checks that must hold and do not", lines(found)) if found else None


def _folded(material: Material, title: str, flag: str) -> Html | None:
    """Return a section that is closed on a screen and open on paper."""
    if not material.texts or not (found := articles(material, flag)):
        return None
    cases = len(material.with_flag(flag))
    summary = element("summary", element("h2", title), f" {count(cases, 'case')}")
    return element("section", element("details", summary, found))


def _slices(verdict: Verdict) -> Html | None:
    if not verdict.slices:
        return None
    worst = worst_slice(verdict.slices)
    text = f"The slice that lost most is {worst.name}." if worst else "No slice lost."
    scale = Scale.over([0.0, *(each.difference for each in verdict.slices)])
    columns = [
        Column("slice"),
        Column("metric", "word"),
        Column("cases", "number"),
        Column("difference", "number"),
        Column("chance", "number"),
        Column("", "chart"),
    ]
    rows = [_slice(each, scale) for each in sorted(verdict.slices, key=lambda s: s.difference)]
    table = grid(
        "Slices, the worst first", columns, rows, ["", "", "", "", "", axis(scale)], shown=False
    )
    return _section("Slices", element("p", text), table)


def _slice(found: SliceVerdict, scale: Scale) -> list[Child]:
    kind = "tone-worse" if found.difference < 0 else "tone-better"
    picture = drawing.drawing(
        f"{found.name} {signed(found.difference)}",
        20,
        drawing.vertical(scale, 0.0, "zero"),
        drawing.line(scale, 0.0, found.difference, f"bar {kind}"),
    )
    return [
        element("span", found.name, class_="name"),
        metric_title(found.metric),
        str(found.n),
        signed(found.difference),
        "too few cases" if found.p is None else chance(found.p),
        picture,
    ]


def _guard(guard: Verdict) -> Html:
    badge = element("span", guard.outcome, class_=f"badge small {guard.outcome}")
    about = f"{count(guard.n, 'case')}, benchmark {guard.fingerprint[:6]}, {tally(guard)}"
    run = guard.runs.get("candidate")
    beside = element("p", f"Its own report: run {run}", class_="quiet") if run else None
    return element(
        "article",
        element("h3", element("span", guard.benchmark, class_="name"), badge),
        element("p", about, class_="quiet"),
        lines(guard.reasons),
        metric_grids(guard),
        beside,
    )


def _left_out(verdict: Verdict) -> Html | None:
    if not verdict.left_out:
        return None
    text = "These cases are not judged: an adapter has seen them in training."
    return _section("Left out", element("p", text), described(list(verdict.left_out.items())))
