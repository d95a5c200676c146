"""The cases in a report: a chart with a row for each, then articles with texts.

Tested in tests/render/report/test_page.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import CaseResult, Compared, slice_names
from harness.render.report import drawing
from harness.render.report.drawing import Scale
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material, failed_checks, ideal_of, must_failed
from harness.text.diff import html_diff
from harness.text.figures import count, metric_title, score, signed
from harness.text.given import given
from harness.text.html import Child, Html, element

FLAG_SIGNS = {
    "broken": "▼",
    "fixed": "▲",
    "reworded": "◆",
    "changed": "●",
    "same": "○",
    "missing": "✕",
}
MAX_ROWS = 200
MAX_CHANGED = 100
"""Articles on cases that changed without breaking; of more, those that fell most."""


def every_case(material: Material) -> Html:
    """Chart each case's move from the reference's score to the candidate's, the worst first."""
    compared = material.compared
    shown: Sequence[Compared] = compared
    if len(compared) > MAX_ROWS:  # both ends of the order: those that fell and those that rose
        half = MAX_ROWS // 2
        shown = [*compared[: MAX_ROWS - half], *compared[-half:]]
    columns = [
        Column("case"),
        Column(str(material.against or "reference"), "number"),
        Column(material.run.adapter, "number"),
        Column("change", "number"),
        Column("", "chart"),
        Column("what became of it", "word"),
    ]
    places = {case.case.id: place for place, case in enumerate(compared)}
    rows = [_row(case, places[case.case.id], material) for case in shown]
    title = metric_title(material.metric)
    caption = f"{title} of {count(len(compared), 'case')}, the worst change first"
    scale = Scale(0.0, 1.0)
    words = [drawing.word(scale, value, f"{value:g}") for value in (0.0, 0.5, 1.0)]
    foot: list[Child] = ["", "", "", "", drawing.drawing("axis from 0 to 1", 16, words), ""]
    signs = f"○ {material.against or 'reference'}, the other sign {material.run.adapter}"
    legend = element("p", signs, class_="quiet")
    rest = len(compared) - len(shown)
    left = element("p", f"{count(rest, 'case')} between these are left out", class_="quiet")
    return element("div", legend, grid(caption, columns, rows, foot), left if rest else None)


def _row(compared: Compared, place: int, material: Material) -> list[Child]:
    before, now = compared.scores.get(material.metric, (None, None))
    name: Child = compared.case.id
    if material.texts and compared.flag not in ("same", "missing"):  # those have no article
        name = element("a", compared.case.id, href=f"#case-{place}")
    critical = element("span", "critical", class_="tag") if compared.case.critical else None
    return [
        element("span", name, " " if critical else None, critical, class_="name"),
        score(before),
        score(now),
        signed(compared.change),
        _dumbbell(before, now, compared),
        flag(compared),
    ]


def _dumbbell(before: float | None, now: float | None, compared: Compared) -> Html | None:
    """Draw both scores on a line, and the way between them."""
    if before is None and now is None:
        return None
    scale, kind = Scale(0.0, 1.0), f"tone-{compared.flag}"
    shapes: list[Child] = [drawing.line(scale, 0.0, 1.0, "track")]
    if before is not None and now is not None:
        shapes.append(drawing.line(scale, before, now, f"reach {kind}"))
    if before is not None:
        shapes.append(drawing.dot(scale, before, "before"))
    if now is not None:
        shapes.append(drawing.sign(scale, now, FLAG_SIGNS[compared.flag], kind))
    return drawing.drawing(f"from {score(before)} to {score(now)}", 20, shapes)


def flag(compared: Compared) -> Html:
    """Show a case's flag with its sign and colour, and whether the output is unusable."""
    sign = element("span", FLAG_SIGNS[compared.flag], aria_hidden="true")
    accepted = ", accepted" if compared.accepted else ""
    unusable = ", a must fails" if must_failed(compared) else ""
    words = f" {compared.flag}{accepted}{unusable}"
    return element("span", sign, words, class_=f"state tone-{compared.flag}")


def articles(material: Material, *flags: str) -> list[Html]:
    """Return an article with texts for each case that has any of these flags."""
    # numbered over all cases, since the rows of the chart link to them
    places = {case.case.id: place for place, case in enumerate(material.compared)}
    found = material.with_flag(*flags)
    shown = found if "changed" not in flags else found[:MAX_CHANGED]
    made = [_article(case, places[case.case.id], material) for case in shown]
    rest = len(found) - len(shown)
    left = element("p", f"{count(rest, 'case')} more changed and are not shown", class_="quiet")
    return [*made, *([left] if rest else [])]


def _article(compared: Compared, place: int, material: Material) -> Html:
    case = compared.case
    critical = element("span", "critical", class_="tag") if case.critical else None
    slices = [element("span", name, class_="tag") for name in slice_names(case.slices)]
    name = element("span", case.id, class_="name")
    scores = " · ".join(
        f"{metric_title(metric)} {score(before)} → {score(now)}"
        for metric, (before, now) in compared.scores.items()
    )
    failed = [element("li", line) for line in failed_checks(compared, material.texts)]
    return element(
        "article",
        element("h3", name, flag(compared), critical, slices),
        element("p", scores, class_="quiet figures"),
        element("p", f"Accepted by {compared.accepted}") if compared.accepted else None,
        element("ul", failed, class_="checks") if failed else None,
        _texts(compared, material),
        _thoughts(material.against or "reference", compared.reference),
        _thoughts(material.run.adapter, compared.candidate),
        id=f"case-{place}",
    )


def _texts(compared: Compared, material: Material) -> Html:
    """Show what was given, the ideal, and both outputs, the candidate's differences marked."""
    name, other = material.run.adapter, material.against or "reference"
    ideal, before = ideal_of(compared), text_of(compared.reference)
    now = text_of(compared.candidate)
    pairs: list[tuple[str, Child]] = [*given(compared.case)]
    if compared.reference is None or before == ideal:
        both = "the ideal" if compared.reference is None else f"the ideal, as {other} wrote it"
        pairs += [(both, ideal), (f"{name} wrote", html_diff(ideal, now))]
    else:
        pairs += [
            ("the ideal", ideal),
            (f"{name} beside the ideal", html_diff(ideal, now)),
            (f"{other} wrote", before),
            (f"{name} beside {other}", html_diff(before, now)),
        ]
    described = [
        element("div", element("dt", title), element("dd", text if text else "(nothing)"))
        for title, text in pairs
    ]
    samples = len(compared.candidate.outputs) if compared.candidate else 0
    note = f"the first of {samples} samples; scores are their means"
    more = element("p", note, class_="quiet") if samples > 1 else None
    return element("dl", described, more, class_="texts")


def _thoughts(adapter: str, result: CaseResult | None) -> Html | None:
    """Fold the whole text away under a line, where thoughts were taken out of it."""
    if result is None or result.whole is None:
        return None
    end = ", which never ended its thinking: it counts as empty" if result.unended else ""
    title = f"the whole text of {adapter}, with its thoughts{end}"
    return element(
        "details", element("summary", title), element("p", result.whole, class_="thoughts")
    )


def text_of(result: CaseResult | None) -> str:
    """Return the output, of several samples the first; empty without a result."""
    return result.text if result else ""
