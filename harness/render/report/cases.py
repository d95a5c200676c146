"""The cases in a report: all of them beside the reference, then those to look at, with texts."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import CaseResult, Compared
from harness.render.report import drawing
from harness.render.report.drawing import Scale
from harness.render.report.grid import Column, grid
from harness.render.report.material import (
    Material,
    failed_checks,
    ideal_of,
    must_failed,
)
from harness.text.diff import html_diff
from harness.text.figures import count, metric_title, score, signed
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
"""Cases that changed without breaking; of very many the ones that fell most."""


def every_case(material: Material) -> Html:
    """A row for each case: from the reference's score to the candidate's, the worst first."""
    shown = _kept(material.compared, MAX_ROWS)
    title = metric_title(material.metric)
    columns = [
        Column("case"),
        Column(str(material.against or "reference"), "number"),
        Column(material.run.adapter, "number"),
        Column("change", "number"),
        Column("", "chart"),
        Column("what became of it", "word"),
    ]
    linked = {one.case.id: place for place, one in enumerate(material.compared)}
    rows = [_row(one, linked[one.case.id], material) for one in shown]
    caption = f"{title} of {count(len(material.compared), 'case')}, the worst change first"
    scale = Scale(0.0, 1.0)
    words = [drawing.word(scale, value, f"{value:g}") for value in (0.0, 0.5, 1.0)]
    foot: list[Child] = ["", "", "", "", drawing.drawing("axis from 0 to 1", 16, words), ""]
    said = f"○ {material.against or 'reference'}, the other sign {material.run.adapter}"
    legend = element("p", said, class_="quiet")
    table = grid(caption, columns, rows, foot)
    return element("div", legend, table, _left_out(material.compared, shown))


def _row(one: Compared, place: int, material: Material) -> list[Child]:
    before, now = one.scores.get(material.metric, (None, None))
    name: Child = one.case.id
    if has_texts(one, material):
        name = element("a", one.case.id, href=f"#case-{place}")
    critical = element("span", "critical", class_="tag") if one.case.critical else None
    return [
        element("span", name, " " if critical else None, critical, class_="name"),
        score(before),
        score(now),
        signed(one.change),
        _dumbbell(before, now, one),
        flag(one),
    ]


def _dumbbell(before: float | None, now: float | None, one: Compared) -> Html | None:
    if before is None and now is None:
        return None
    scale, kind = Scale(0.0, 1.0), f"tone-{one.flag}"
    shapes: list[Child] = [drawing.stretch(scale, 0.0, 1.0, "track")]
    if before is not None and now is not None:
        shapes.append(drawing.stretch(scale, before, now, f"reach {kind}"))
    if before is not None:
        shapes.append(drawing.dot(scale, before, "before"))
    if now is not None:
        shapes.append(drawing.sign(scale, now, FLAG_SIGNS[one.flag], kind))
    return drawing.drawing(f"from {score(before)} to {score(now)}", 20, shapes)


def flag(one: Compared) -> Html:
    """What became of a case, with its sign and colour."""
    sign = element("span", FLAG_SIGNS[one.flag], aria_hidden="true")
    accepted = ", accepted" if one.accepted else ""
    unusable = ", a must fails" if must_failed(one) else ""
    told = f" {one.flag}{accepted}{unusable}"
    return element("span", sign, told, class_=f"state tone-{one.flag}")


def has_texts(one: Compared, material: Material) -> bool:
    """Whether the case has an article of its own."""
    return material.texts and one.flag not in ("same", "missing")


def articles(material: Material, *flags: str) -> list[Html]:
    """The cases of which the verdict says this, each with its texts."""
    places = {one.case.id: place for place, one in enumerate(material.compared)}
    found = material.with_flag(*flags)
    shown = found if "changed" not in flags else found[:MAX_CHANGED]
    made = [_article(one, places[one.case.id], material) for one in shown]
    rest = len(found) - len(shown)
    left = element("p", f"{count(rest, 'case')} more changed and are not shown", class_="quiet")
    return [*made, *([left] if rest else [])]


def _article(one: Compared, place: int, material: Material) -> Html:
    critical = element("span", "critical", class_="tag") if one.case.critical else None
    slices = [element("span", f"{k}={v}", class_="tag") for k, v in one.case.slices.items()]
    head = element("h3", element("span", one.case.id, class_="name"), flag(one), critical, slices)
    accepted = element("p", f"Accepted by {one.accepted}") if one.accepted else None
    scores = element("p", _scores(one), class_="quiet figures")
    return element(
        "article",
        head,
        scores,
        accepted,
        _checks(one, material),
        _texts(one, material),
        id=f"case-{place}",
    )


def _scores(one: Compared) -> str:
    return " · ".join(
        f"{metric_title(name)} {score(before)} → {score(now)}"
        for name, (before, now) in one.scores.items()
    )


def _checks(one: Compared, material: Material) -> Html | None:
    lines = [element("li", line) for line in failed_checks(one, material.texts)]
    return element("ul", lines, class_="checks") if lines else None


def _texts(one: Compared, material: Material) -> Html:
    """The input, then what was to be written and what was, each beside the candidate's words."""
    name, other = material.run.adapter, material.against or "reference"
    ideal, before, now = ideal_of(one), text_of(one.reference), text_of(one.candidate)
    pairs: list[tuple[str, Child]] = [("input", one.case.input)]
    if one.reference is None or before == ideal:
        both = "the ideal" if one.reference is None else f"the ideal, as {other} wrote it"
        pairs += [(both, ideal), (f"{name} wrote", html_diff(ideal, now))]
    else:
        pairs += [
            ("the ideal", ideal),
            (f"{name} beside the ideal", html_diff(ideal, now)),
            (f"{other} wrote", before),
            (f"{name} beside {other}", html_diff(before, now)),
        ]
    return element("dl", _described(pairs), _more(one.candidate), class_="texts")


def _described(pairs: Sequence[tuple[str, Child]]) -> list[Html]:
    return [
        element("div", element("dt", name), element("dd", text if text else "(nothing)"))
        for name, text in pairs
    ]


def _more(result: CaseResult | None) -> Html | None:
    """Of several samples the first is shown."""
    drawn = len(result.outputs) if result else 0
    if drawn < 2:
        return None
    return element("p", f"the first of {drawn} samples; scores are their means", class_="quiet")


def text_of(result: CaseResult | None) -> str:
    """What was written, of several samples the first."""
    return result.text if result else ""


def _kept(cases: Sequence[Compared], most: int) -> Sequence[Compared]:
    """All, or those that fell and rose most."""
    if len(cases) <= most:
        return cases
    half = most // 2
    return [*cases[: most - half], *cases[-half:]]


def _left_out(cases: Sequence[Compared], shown: Sequence[Compared]) -> Html | None:
    rest = len(cases) - len(shown)
    if not rest:
        return None
    return element("p", f"{count(rest, 'case')} between these are left out", class_="quiet")
