"""The report as a pull request comment: what to do on the first screen, the cases folded below.

Never longer than `MAX_COMMENT`: whole cases are left out, and their number is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.records import Verdict
from harness.render.changes import tally, worst_slice
from harness.render.evidence import evidence, further_reasons, in_one_sentence
from harness.render.facts import BAR_MOVED, judged_by, moved_bar
from harness.render.report.comment_folds import (
    MAX_NAME,
    MAX_SENTENCE,
    first_rows,
    folds,
    metric_rows,
)
from harness.render.report.material import Material
from harness.render.verdict import references
from harness.text import safe
from harness.text.figures import chance, count, signed

MAX_COMMENT = 60_000
"""GitHub takes 65,536 characters."""
SIGNS = {"promote": "✅", "reject": "❌", "inconclusive": "⚠️"}
MAX_REASONS = 3
MAX_ADVICE = 2
MAX_METRICS = 8
MAX_CHANGES = 12
CHANGES = "Judged by {}. This pull request changes of it, which was not used"


def report_markdown(material: Material) -> str:
    """Return verdict, reasons, advice and metrics; everything else is folded."""
    head = "\n".join(_screen(material)) + "\n"
    room = MAX_COMMENT - len(head) - 1
    parts = {}
    made = folds(material, MAX_REASONS, MAX_ADVICE)
    # the short folds get their room first, so that many cases cannot take it
    for fold in sorted(made, key=lambda it: it.limit is None):
        parts[fold.title] = fold.within(room)
        room -= len(parts[fold.title])
    return head + "".join(parts[fold.title] for fold in made)


def _screen(material: Material) -> Iterator[str]:
    """Yield the lines that are seen without unfolding."""
    verdict = material.verdict
    outcome = f"{SIGNS[verdict.outcome]} {verdict.outcome.capitalize()}"
    yield f"## {outcome}: {safe.markdown_cell(verdict.candidate, limit=MAX_NAME)}"
    yield ""
    purpose = f"task {verdict.task}" if verdict.task else f"guard {verdict.benchmark}"
    benchmark = f"benchmark {verdict.fingerprint[:6]}"
    against = f"against {references(verdict, material.promoted_at)}"
    yield _sentence(" · ".join([purpose, count(verdict.n, "case"), benchmark, against]))
    if material.overridden:
        warning = f"OVERRIDE: {verdict.promoted} was promoted against or without a verdict"
        yield f"\n**{_sentence(warning)}**"
    yield from _rests_on(verdict)
    yield from _listed("Why", further_reasons(verdict), MAX_REASONS)
    commands = [f"{what}: {command}" for what, command in material.commands.items()]
    yield from _listed("What to do", verdict.advice or commands, MAX_ADVICE)
    rows = first_rows(verdict)
    if rows:
        yield ""
        yield from metric_rows(rows[:MAX_METRICS], rows[0][1].against, verdict.alpha)
    yield ""
    counted, worst = tally(verdict), worst_slice(verdict.slices)
    if worst and worst.p is not None:
        lost = f"{signed(worst.difference, 2)}, {chance(worst.p)}"
        counted += f" · worst slice {worst.name} ({count(worst.n, 'case')}) {lost}"
    yield _sentence(counted)


def _rests_on(verdict: Verdict) -> Iterator[str]:
    """Yield the verdict in one sentence, the rows that it rests on, and a bar that moved."""
    if said := in_one_sentence(verdict):
        yield f"\n**{_sentence(said)}**"
    rows = evidence(verdict)
    if rows:
        yield "\n| what it rests on | says | seen |\n|---|---|---|"
    for row in rows:
        yield f"| {' | '.join(_sentence(cell) for cell in (row.what, row.says, row.seen))} |"
    if moved := moved_bar(verdict):
        yield f"\n**{_sentence(f'{BAR_MOVED}: {moved}')}**"
    if verdict.bar_differs:
        bar = judged_by(replace(verdict, bar_differs=()))
        yield from _listed(CHANGES.format(_sentence(bar)), verdict.bar_differs, MAX_CHANGES)


def _listed(title: str, lines: Sequence[str], most: int) -> Iterator[str]:
    if lines:
        yield f"\n**{title}**\n"
    for line in lines[:most]:
        yield f"- {_sentence(line)}"
    if len(lines) > most:
        yield f"- … and {len(lines) - most} more, below"


def _sentence(text: str) -> str:
    return safe.markdown_text(text, limit=MAX_SENTENCE)
