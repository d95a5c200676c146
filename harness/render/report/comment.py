"""The report as a comment on a pull request: what to do on one screen, the cases folded below.

Never longer than `LONGEST`: whole cases are left out, and it is said how many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.records import Verdict
from harness.render.changes import tally, worst_slice
from harness.render.report.comment_folds import NAME, SENTENCE, first_rows, folds, table
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


def report_markdown(material: Material) -> str:
    """Verdict, reasons, what to do and the table; everything else is folded."""
    head = "\n".join(_screen(material)) + "\n"
    room = MAX_COMMENT - len(head) - 1
    parts = {}
    made = folds(material, MAX_REASONS, MAX_ADVICE)
    # The short folds first, so that many cases cannot take their room.
    for fold in sorted(made, key=lambda one: one.longest is None):
        parts[fold.title] = fold.within(room)
        room -= len(parts[fold.title])
    return head + "".join(parts[fold.title] for fold in made)


def _screen(material: Material) -> Iterator[str]:
    verdict = material.verdict
    outcome = f"{SIGNS[verdict.outcome]} {verdict.outcome.capitalize()}"
    yield f"## {outcome}: {safe.markdown_cell(verdict.candidate, limit=NAME)}"
    yield ""
    yield _about(material)
    yield from _override(material)
    yield from _listed("Why", verdict.reasons, MAX_REASONS)
    yield from _listed("What to do", verdict.advice or _commands(material), MAX_ADVICE)
    yield from _table(verdict)
    yield ""
    yield _counted(verdict)


def _about(material: Material) -> str:
    verdict = material.verdict
    purpose = f"task {verdict.task}" if verdict.task else f"guard {verdict.benchmark}"
    against = references(verdict, material.promoted_at)
    about = f"{count(verdict.n, 'case')} · benchmark {verdict.fingerprint[:6]} · against {against}"
    return safe.markdown_text(f"{purpose} · {about}", limit=SENTENCE)


def _override(material: Material) -> Iterator[str]:
    if material.overridden:
        said = f"OVERRIDE: {material.verdict.promoted} was promoted against or without a verdict"
        yield f"\n**{safe.markdown_text(said, limit=SENTENCE)}**"


def _listed(title: str, lines: Sequence[str], most: int) -> Iterator[str]:
    if lines:
        yield f"\n**{title}**\n"
    for line in lines[:most]:
        yield f"- {safe.markdown_text(line, limit=SENTENCE)}"
    if len(lines) > most:
        yield f"- … and {len(lines) - most} more, below"


def _commands(material: Material) -> list[str]:
    """Where nothing is advised, what comes next."""
    return [f"{what}: {command}" for what, command in material.commands.items()]


def _table(verdict: Verdict) -> Iterator[str]:
    """Against the first reference; the others are folded."""
    rows = first_rows(verdict)
    if rows:
        yield ""
        yield from table(rows[:MAX_METRICS], rows[0][1].against, verdict.alpha)


def _counted(verdict: Verdict) -> str:
    worst = worst_slice(verdict.slices)
    said = tally(verdict)
    if worst and worst.p is not None:
        lost = f"{signed(worst.difference, 2)}, {chance(worst.p)}"
        said += f" · worst slice {worst.name} ({count(worst.n, 'case')}) {lost}"
    return safe.markdown_text(said, limit=SENTENCE)
