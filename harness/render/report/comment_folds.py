"""The folded parts of a comment: cases with their texts, then further reasons and the origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.records import Compared, MetricVerdict, Verdict
from harness.render.evidence import further_reasons, lost_finals
from harness.render.facts import BAR_MOVED, facts, other_notes
from harness.render.metric_table import difference_of, guard_rows, sure
from harness.render.report.cases import FLAG_SIGNS, text_of
from harness.render.report.drawing import SIGNS
from harness.render.report.material import Material, failed_checks, ideal_of, must_failed
from harness.render.report.origin import flattened
from harness.render.verdict import certifiable
from harness.text import safe
from harness.text.diff import markdown_diff
from harness.text.figures import chance, count, interval, margin, metric_title, score, signed
from harness.text.html import Html, element

MAX_NAME = 80
MAX_SENTENCE = 300
MAX_TEXT = 800
MAX_SCORES = 8
MAX_LINES = 40
MAX_SHORT = 6_000
"""Characters of a fold that holds no cases."""


def first_rows(verdict: Verdict) -> list[tuple[str, MetricVerdict]]:
    """Return the metrics against the first reference, then those of the guards."""
    first = next((metric.against for metric in verdict.metrics), None)
    rows = [(metric_title(m.name), m) for m in verdict.metrics if m.against == first]
    return [*rows, *guard_rows(verdict)]


def metric_rows(
    rows: Sequence[tuple[str, MetricVerdict]], reference: str, alpha: float
) -> Iterator[str]:
    """Yield the lines of a table of metrics."""
    name = safe.markdown_text(reference, limit=MAX_NAME)
    yield f"| metric | {name} | candidate | difference, {sure(alpha)} | margin | |"
    yield "|---|--:|--:|--:|--:|---|"
    for title, metric in rows:
        cells = [
            f"{safe.markdown_text(title, limit=MAX_NAME)} ({metric.role})",
            score(metric.reference),
            score(metric.candidate),
            safe.markdown_text(difference_of(metric), limit=MAX_NAME),
            "" if metric.margin is None else margin(metric.margin),
            f"{SIGNS[metric.state]} {metric.state}",
        ]
        yield f"| {' | '.join(cells)} |"


@dataclass(frozen=True, slots=True)
class Fold:
    """A `details` element; its items are Markdown that is safe already."""

    title: str
    items: Sequence[str]
    what: str
    """The word for an item: case, line."""
    limit: int | None = None
    """The most characters that it may take."""

    def within(self, room: int) -> str:
        """Return as many whole items as fit into `room`; empty if not even the frame fits."""
        room = room if self.limit is None else min(room, self.limit)
        # room for the remark first: it is never longer than for all items left out
        left = room - len(self._framed(self._rest(len(self.items))))
        shown: list[str] = []
        for item in self.items:
            if len(item) + 1 > left:
                break
            shown.append(item)
            left -= len(item) + 1
        if not self.items or left < 0:
            return ""
        return self._framed("\n".join(shown) + self._rest(len(self.items) - len(shown)))

    def _framed(self, markdown: str) -> str:
        # GitHub reads Markdown inside an HTML element only between empty lines
        inside = Html(f"\n\n{markdown}\n")
        return f"\n{element('details', element('summary', Html(self.title)), inside)}\n"

    def _rest(self, number: int) -> str:
        if not number:
            return ""
        more = f"1 more {self.what} is" if number == 1 else f"{number} more {self.what}s are"
        return f"\n\n{more} left out here; `report.html` has them all.\n"


def folds(material: Material, reasons: int, advice: int) -> list[Fold]:
    """Return the folds that have items, in the order in which readers ask for them.

    `reasons` and `advice` are how many of each the comment shows above.
    """
    verdict = material.verdict
    broken = material.with_flag("broken")
    ids = {case.case.id for case in broken}
    unusable = [it for it in material.compared if must_failed(it) and it.case.id not in ids]
    more = [*further_reasons(verdict)[reasons:], *verdict.advice[advice:]]
    known = [f"{label}: {said}" for label, said in facts(verdict) if label != BAR_MOVED]
    notes = [*other_notes(verdict), *([certifiable(verdict)] if verdict.rule < 2 else [])]
    left_out = (f"{case} was left out: {why}" for case, why in verdict.left_out.items())
    made = [
        _cases("broken", broken, material),
        _cases("with a failing must check", unusable, material),
        _lines("More reasons and advice", more),
        _cases("fixed", material.with_flag("fixed"), material),
        _cases("reworded", material.with_flag("reworded"), material),
        _lines("Was it worth it?", list(_worth(verdict))),
        _other_references(verdict),
        _lines("Slices", list(_slices(verdict))),
        _lines("Margin, risk and what can break", known),
        _lines("Texts that would be lost", list(_lost(material))),
        _lines("Also", [*notes, *left_out]),
        _lines("Where it comes from", list(_origin(material))),
    ]
    return [fold for fold in made if fold.items]


def _cases(what: str, found: Sequence[Compared], material: Material) -> Fold:
    title = f"{count(len(found), 'case')} {what}"
    return Fold(title, [_case(case, material) for case in found], "case")


def _case(compared: Compared, material: Material) -> str:
    critical = ", critical" if compared.case.critical else ""
    name = safe.markdown_cell(compared.case.id, limit=MAX_NAME)
    scores = " · ".join(
        f"{metric_title(metric)} {score(before)} → {score(now)}"
        for metric, (before, now) in list(compared.scores.items())[:MAX_SCORES]
    )
    lines = [f"- {safe.markdown_text(scores, limit=MAX_SENTENCE)}"]
    if compared.accepted:
        lines.append(f"- accepted by {safe.markdown_text(compared.accepted, limit=MAX_SENTENCE)}")
    for line in failed_checks(compared, material.texts):
        lines.append(f"- {safe.markdown_text(line, limit=MAX_SENTENCE)}")
    head = f"**{name}** {FLAG_SIGNS[compared.flag]} {compared.flag}{critical}\n"
    return "\n".join([head, *lines, *_texts(compared, material)]) + "\n"


def _texts(compared: Compared, material: Material) -> Iterator[str]:
    """Yield the ideal, and the candidate's output marked against the text that it replaces."""
    if not material.texts:
        return
    before, now = text_of(compared.reference), text_of(compared.candidate)
    ideal = ideal_of(compared)
    yield f"- ideal: {safe.markdown_cell(ideal, limit=MAX_TEXT) or '(nothing)'}"
    marked = markdown_diff(before or ideal, now, MAX_TEXT) if now.strip() else "(nothing)"
    beside = f" beside {material.against}" if before and material.against else ""
    name = safe.markdown_text(material.run.adapter + beside, limit=2 * MAX_NAME)
    yield f"- {name}: {marked}"


def _lines(title: str, lines: Sequence[str]) -> Fold:
    shown = [f"- {safe.markdown_text(line, limit=MAX_SENTENCE)}" for line in lines[:MAX_LINES]]
    return Fold(title, shown, "line", MAX_SHORT)


def _other_references(verdict: Verdict) -> Fold:
    """Fold the tables of the references that the comment does not show above."""
    against = list(dict.fromkeys(metric.against for metric in verdict.metrics))[1:]
    items = []
    for reference in against:
        rows = [(metric_title(m.name), m) for m in verdict.metrics if m.against == reference]
        items.append("\n".join(metric_rows(rows, reference, verdict.alpha)) + "\n")
    names = (safe.markdown_text(reference, limit=MAX_NAME) for reference in against)
    return Fold("Against " + " and ".join(names), items, "table", MAX_SHORT)


def _worth(verdict: Verdict) -> Iterator[str]:
    for each in (*verdict.worth, *verdict.forgetting):
        gain = interval(each.gain, each.low, each.high)
        what = f"{each.benchmark}, {metric_title(each.metric)} ({count(each.n, 'case')})"
        yield f"{what}, over {each.against} {gain}: {each.says or each.state}"


def _lost(material: Material) -> Iterator[str]:
    """Yield the texts that people sent and that would no longer be written."""
    for one in lost_finals(material.verdict):
        text = material.finals.get(one.id, "") if material.texts else ""
        likely = f"{score(one.promoted)} → {score(one.candidate)}"
        yield f"{one.id} {likely}" + (f": {text}" if text else "")


def _slices(verdict: Verdict) -> Iterator[str]:
    for each in sorted(verdict.slices, key=lambda it: it.difference):
        p = "too few to be judged" if each.p is None else chance(each.p)
        lost = f"{signed(each.difference)}, {p}"
        yield f"{each.name} ({count(each.n, 'case')}), {metric_title(each.metric)} {lost}"


def _origin(material: Material) -> Iterator[str]:
    run = material.run
    yield f"run {run.id}, started {run.started}"
    for name, digest in run.digests.items():
        yield f"{name} sha256 {digest}"
    for name, value in flattened(run.origin):
        yield f"{name}: {value}"
    for what, command in material.again.items():
        yield f"{what}: {command}"
