"""A verdict as a block of text for terminals and CI logs, and as JSON for programs.

The shape is DESIGN 8; whatever a model, a file or a person wrote goes through `safe`.
"""

from __future__ import annotations

from typing import Any

from harness.records import Verdict
from harness.render.changes import broken_cases, counted
from harness.render.gain_over_base import worth_lines
from harness.render.metric_table import standing
from harness.text import safe
from harness.text.figures import count, day, margin, metric_title
from harness.text.plain import plain
from harness.text.table import hang

TITLE = " adapter gate "
RULE = "═"
NARROWEST = 40
COLOURS = {"promote": "1;32", "reject": "1;31", "inconclusive": "1;33"}


def verdict_text(
    verdict: Verdict,
    *,
    width: int = 80,
    colour: bool = False,
    promoted_at: str | None = None,
    overridden: bool = False,
    report: str | None = None,
) -> str:
    """Return the verdict's block, without a line feed at its end.

    `promoted_at` is when the promoted adapter became so (ISO, or any words), `overridden` whether
    that was against a verdict; `report` is where the long form lies.
    """
    width = max(NARROWEST, width)
    lines = [
        TITLE.center(width, RULE),
        *_head(verdict, width, colour, promoted_at),
        *(_override(verdict, width, colour) if overridden else ()),
        "",
        *_why(verdict, width),
        *standing(verdict, width, colour),
        *counted(verdict, width),
        *broken_cases(verdict, width),
        "",
        *worth_lines(verdict, width),
        *_beyond_these_cases(verdict, width),
        *_next(verdict, width, report),
        RULE * width,
    ]
    return "\n".join(lines)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict with every field of the record by its name; DESIGN 7 promises the keys."""
    return dict(plain(verdict))


def _head(verdict: Verdict, width: int, colour: bool, promoted_at: str | None) -> list[str]:
    outcome = verdict.outcome.upper()
    where = " · ".join(
        [
            *([f"task {_word(verdict.task)}"] if verdict.task else []),
            *([f"guard {_word(verdict.benchmark)}"] if not verdict.task else []),
            count(verdict.n, "case")
            + (f" × {verdict.samples} samples" * (verdict.samples > 1))
            + (f" ({len(verdict.left_out)} left out)" * bool(verdict.left_out)),
            f"benchmark {_word(verdict.fingerprint[:6])}",
        ]
    )
    first = hang(f"{outcome}  ", f"{_word(verdict.candidate)} · {where}", width)
    if colour:
        first[0] = first[0].replace(outcome, f"\x1b[{COLOURS[verdict.outcome]}m{outcome}\x1b[0m", 1)
    return first + hang("        against ", references(verdict, promoted_at), width)


def _override(verdict: Verdict, width: int, colour: bool) -> list[str]:
    """Whoever compares with it must know that no verdict stands behind it."""
    said = f"OVERRIDE: {_word(verdict.promoted or '')} was promoted against or without a verdict"
    lines = hang("        ", said, width)
    return [f"\x1b[1;31m{line}\x1b[0m" for line in lines] if colour else lines


def references(verdict: Verdict, promoted_at: str | None) -> str:
    """What it is compared with, in one sentence."""
    since = f" {day(safe.ci_log(promoted_at, limit=40))}" if promoted_at else ""
    names = [
        *([f"{_word(verdict.promoted)} (promoted{since})"] if verdict.promoted else []),
        *([f"{_word(verdict.pinned)} (pinned)"] if verdict.pinned else []),
    ]
    if not verdict.promoted:
        names.insert(0, "base (nothing is promoted yet)")
    same = "; every output is identical" if verdict.identical else ""
    return " and ".join(names) + same


def _why(verdict: Verdict, width: int) -> list[str]:
    """Give every reason its own line, the deciding one first."""
    lines: list[str] = []
    for reason in verdict.reasons:
        lines += hang("        " if lines else "  why   ", safe.ci_log(reason), width)
    return lines


def _beyond_these_cases(verdict: Verdict, width: int) -> list[str]:
    """Say what the judge noted beside its reasons, and what this benchmark could show at all."""
    lines: list[str] = []
    for note in verdict.notes:
        lines += hang("        " if lines else "  also  ", safe.ci_log(note), width)
    return lines + hang("  ", certifiable(verdict), width)


def certifiable(verdict: Verdict) -> str:
    """What margin this benchmark can certify, how many cases that takes, and its reuse."""
    gate = next((metric for metric in verdict.metrics if metric.role == "gate"), None)
    judged = f"{count(verdict.candidates_judged, 'candidate')} judged on it so far"
    if verdict.certifiable_margin is None:
        return f"this benchmark: {judged}"
    of = f" ({metric_title(gate.name)})" if gate else ""
    asked = ""
    if gate is not None and gate.cases_needed is not None and gate.margin is not None:
        asked = f", {count(gate.cases_needed, 'case')} needed for {margin(gate.margin)}"
    smallest = f"{verdict.certifiable_margin:.3f}"
    return f"this benchmark can certify a margin of {smallest}{of}{asked} · {judged}"


def _next(verdict: Verdict, width: int, report: str | None) -> list[str]:
    lines: list[str] = []
    for advice in verdict.advice:
        lines += hang("        " if lines else "  next  ", safe.ci_log(advice), width)
    if "candidate" in verdict.runs:
        lines.append(f"  run   {safe.ci_log(verdict.runs['candidate'])}")
    if report:
        # Not wrapped: a path that is cut cannot be opened.
        lines.append(f"  report  {safe.ci_log(report)}")
    return lines


def _word(name: str) -> str:
    """Return one name that a person chose, in one line."""
    return safe.ci_log(name, limit=80)
