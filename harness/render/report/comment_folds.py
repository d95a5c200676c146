"""What is folded in a comment: cases with their texts, then what else is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.records import Compared, MetricVerdict, Verdict
from harness.render.metric_table import difference_of, guard_rows, sure
from harness.render.report.cases import FLAG_SIGNS, text_of
from harness.render.report.drawing import SIGNS
from harness.render.report.material import Material, failed_checks, ideal_of, must_failed
from harness.render.report.origin import told
from harness.render.verdict import certifiable
from harness.text import safe
from harness.text.diff import markdown_diff
from harness.text.figures import chance, count, interval, margin, metric_title, score, signed
from harness.text.html import Html, element

NAME = 80
"""Characters of a name."""


def first_rows(verdict: Verdict) -> list[tuple[str, MetricVerdict]]:
    """The metrics against the first reference, then the guards."""
    first = next((metric.against for metric in verdict.metrics), None)
    rows = [(metric_title(m.name), m) for m in verdict.metrics if m.against == first]
    return [*rows, *guard_rows(verdict)]


def table(rows: Sequence[tuple[str, MetricVerdict]], reference: str, alpha: float) -> Iterator[str]:
    """The lines of a table of metrics."""
    name = safe.markdown_text(reference, limit=NAME)
    yield f"| metric | {name} | candidate | difference, {sure(alpha)} | margin | |"
    yield "|---|--:|--:|--:|--:|---|"
    for title, metric in rows:
        cells = [
            f"{safe.markdown_text(title, limit=NAME)} ({metric.role})",
            score(metric.reference),
            score(metric.candidate),
            safe.markdown_text(difference_of(metric), limit=NAME),
            "" if metric.margin is None else margin(metric.margin),
            f"{SIGNS[metric.state]} {metric.state}",
        ]
        yield f"| {' | '.join(cells)} |"


@dataclass(frozen=True, slots=True)
class Fold:
    """One `details` element; its items are Markdown that is safe already."""

    title: str
    items: Sequence[str]
    what: str
    """What an item is called: case, line."""
    longest: int | None = None
    """Characters that it may take at most."""

    def within(self, room: int) -> str:
        """As much of it as fits; empty where not even its frame does."""
        room = room if self.longest is None else min(room, self.longest)
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
        # Between empty lines, where Markdown is Markdown again.
        inside = Html(f"\n\n{markdown}\n")
        return f"\n{element('details', element('summary', Html(self.title)), inside)}\n"

    def _rest(self, number: int) -> str:
        if not number:
            return ""
        more = f"1 more {self.what} is" if number == 1 else f"{number} more {self.what}s are"
        return f"\n\n{more} left out here; `report.html` has them all.\n"


SENTENCE = 300
TEXT = 800
MAX_LINES = 40
SHORT = 6_000
"""Characters of a fold that holds no cases."""


def folds(material: Material, reasons: int, advice: int) -> list[Fold]:
    """In the order in which a reader asks; `reasons` and `advice` were said above."""
    verdict = material.verdict
    more = [*verdict.reasons[reasons:], *verdict.advice[advice:]]
    cases = [
        _cases("broken", list(material.with_flag("broken")), material),
        _cases("with a failing must check", _unusable(material), material),
        _cases("fixed", material.with_flag("fixed"), material),
        _cases("reworded", material.with_flag("reworded"), material),
    ]
    lines = [
        _lines("More reasons and advice", more),
        _lines("Was it worth it?", list(_worth(verdict))),
        _others(verdict),
        _lines("Slices", list(_slices(verdict))),
        _lines("Also", [*verdict.notes, certifiable(verdict), *_left_out(verdict)]),
        _lines("Where it comes from", list(_origin(material))),
    ]
    return [fold for fold in (*cases[:2], *lines[:1], *cases[2:], *lines[1:]) if fold.items]


def _unusable(material: Material) -> list[Compared]:
    broken = {one.case.id for one in material.with_flag("broken")}
    return [one for one in material.compared if must_failed(one) and one.case.id not in broken]


# --- cases ------------------------------------------------------------------------------------


def _cases(what: str, found: Sequence[Compared], material: Material) -> Fold:
    title = f"{count(len(found), 'case')} {what}"
    return Fold(title, [_case(one, material) for one in found], "case")


def _case(one: Compared, material: Material) -> str:
    critical = ", critical" if one.case.critical else ""
    name = safe.markdown_cell(one.case.id, limit=NAME)
    lines = [f"**{name}** {FLAG_SIGNS[one.flag]} {one.flag}{critical}\n", f"- {_scores(one)}"]
    if one.accepted:
        lines.append(f"- accepted by {safe.markdown_text(one.accepted, limit=SENTENCE)}")
    for line in failed_checks(one, material.texts):
        lines.append(f"- {safe.markdown_text(line, limit=SENTENCE)}")
    return "\n".join([*lines, *_texts(one, material)]) + "\n"


def _scores(one: Compared) -> str:
    said = " · ".join(
        f"{metric_title(name)} {score(before)} → {score(now)}"
        for name, (before, now) in list(one.scores.items())[:8]
    )
    return safe.markdown_text(said, limit=SENTENCE)


def _texts(one: Compared, material: Material) -> Iterator[str]:
    """The ideal, and what the candidate wrote, marked against what it replaces."""
    if not material.texts:
        return
    before, now = text_of(one.reference), text_of(one.candidate)
    yield f"- ideal: {safe.markdown_cell(ideal_of(one), limit=TEXT) or '(nothing)'}"
    marked = markdown_diff(before or ideal_of(one), now, TEXT) if now.strip() else "(nothing)"
    beside = f" beside {material.against}" if before and material.against else ""
    yield f"- {safe.markdown_text(material.run.adapter + beside, limit=2 * NAME)}: {marked}"


# --- lines ------------------------------------------------------------------------------------


def _lines(title: str, lines: Sequence[str]) -> Fold:
    shown = [f"- {safe.markdown_text(line, limit=SENTENCE)}" for line in lines[:MAX_LINES]]
    return Fold(title, shown, "line", SHORT)


def _others(verdict: Verdict) -> Fold:
    """The references that the table above does not show."""
    against = list(dict.fromkeys(metric.against for metric in verdict.metrics))[1:]
    items = []
    for reference in against:
        rows = [(metric_title(m.name), m) for m in verdict.metrics if m.against == reference]
        items.append("\n".join(table(rows, reference, verdict.alpha)) + "\n")
    return Fold("Against " + " and ".join(map(_named, against)), items, "table", SHORT)


def _named(reference: str) -> str:
    return safe.markdown_text(reference, limit=NAME)


def _worth(verdict: Verdict) -> Iterator[str]:
    for one in (*verdict.worth, *verdict.forgetting):
        gain = interval(one.gain, one.low, one.high)
        says = one.says or one.state
        what = f"{one.benchmark}, {metric_title(one.metric)} ({count(one.n, 'case')})"
        yield f"{what}, over {one.against} {gain}: {says}"


def _slices(verdict: Verdict) -> Iterator[str]:
    for one in sorted(verdict.slices, key=lambda each: each.difference):
        p = "too few to be judged" if one.p is None else chance(one.p)
        lost = f"{signed(one.difference)}, {p}"
        yield f"{one.name} ({count(one.n, 'case')}), {metric_title(one.metric)} {lost}"


def _left_out(verdict: Verdict) -> Iterator[str]:
    for case, why in verdict.left_out.items():
        yield f"{case} was left out: {why}"


def _origin(material: Material) -> Iterator[str]:
    run = material.run
    yield f"run {run.id}, started {run.started}"
    for name, digest in run.digests.items():
        yield f"{name} sha256 {digest}"
    for name, value in told(run.origin):
        yield f"{name}: {value}"
    for what, command in material.again.items():
        yield f"{what}: {command}"
