"""A verdict as a block of text for terminals and CI logs, and as JSON for programs.

Everything that a model, a file or a person wrote goes through `safe`.
"""

from __future__ import annotations

from typing import Any

from harness.records import Verdict
from harness.render.changes import broken_cases, counted
from harness.render.gain_over_base import worth_lines
from harness.render.metric_table import metric_tables
from harness.text import safe
from harness.text.figures import count, day, margin, metric_title
from harness.text.plain import plain
from harness.text.table import hang

TITLE = " adapter gate "
RULE = "═"
MIN_WIDTH = 40
COLOURS = {"promote": "1;32", "reject": "1;31", "inconclusive": "1;33"}


def verdict_text(
    verdict: Verdict,
    *,
    width: int = 80,
    colour: bool = False,
    promoted_at: str | None = None,
    overridden: bool = False,
    made_again: tuple[str, ...] = (),
    report: str | None = None,
) -> str:
    """Return the verdict's block, without a line feed at its end.

    `promoted_at` is when the promoted adapter became so (ISO, or any words), `overridden` whether
    that was against a verdict; `made_again` are sentences on runs that older versions had made;
    `report` is the path of the long form.
    """
    width = max(MIN_WIDTH, width)
    lines = [
        TITLE.center(width, RULE),
        *_head(verdict, width, colour, promoted_at),
        *(_override(verdict, width, colour) if overridden else ()),
        *_listed("  again ", made_again, width),
        "",
        *_listed("  why   ", verdict.reasons, width),
        *evidence_lines(verdict, width),
        *metric_tables(verdict, width, colour),
        *counted(verdict, width),
        *broken_cases(verdict, width),
        "",
        *worth_lines(verdict, width),
        *_listed("  also  ", verdict.notes, width),
        *hang("  ", certifiable(verdict), width),
        *_listed("  next  ", verdict.advice, width),
    ]
    if "candidate" in verdict.runs:
        lines.append(f"  run   {safe.ci_log(verdict.runs['candidate'])}")
    if report:
        # not wrapped: a path over two lines cannot be opened from a terminal
        lines.append(f"  report  {safe.ci_log(report)}")
    return "\n".join([*lines, RULE * width])


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict with every field of the record under its name; the keys are promised."""
    return dict(plain(verdict))


def _head(verdict: Verdict, width: int, colour: bool, promoted_at: str | None) -> list[str]:
    outcome = verdict.outcome.upper()
    purpose = f"task {_name(verdict.task)}" if verdict.task else f"guard {_name(verdict.benchmark)}"
    cases = count(verdict.n, "case")
    if verdict.samples > 1:
        cases += f" × {verdict.samples} samples"
    if verdict.left_out:
        cases += f" ({len(verdict.left_out)} left out)"
    where = f"{purpose} · {cases} · benchmark {_name(verdict.fingerprint[:6])}"
    first = hang(f"{outcome}  ", f"{_name(verdict.candidate)} · {where}", width)
    if colour:
        # after wrapping: escape codes would count as columns
        first[0] = first[0].replace(outcome, f"\x1b[{COLOURS[verdict.outcome]}m{outcome}\x1b[0m", 1)
    return first + hang("        against ", references(verdict, promoted_at), width)


def _override(verdict: Verdict, width: int, colour: bool) -> list[str]:
    """Warn that no verdict supports the promoted adapter."""
    warning = f"OVERRIDE: {_name(verdict.promoted or '')} was promoted against or without a verdict"
    lines = hang("        ", warning, width)
    return [f"\x1b[1;31m{line}\x1b[0m" for line in lines] if colour else lines


def references(verdict: Verdict, promoted_at: str | None) -> str:
    """Name the adapters that the candidate is compared with."""
    since = f" {day(safe.ci_log(promoted_at, limit=40))}" if promoted_at else ""
    names = [
        *([f"{_name(verdict.promoted)} (promoted{since})"] if verdict.promoted else []),
        *([f"{_name(verdict.pinned)} (pinned)"] if verdict.pinned else []),
    ]
    if not verdict.promoted:
        names.insert(0, "base (nothing is promoted yet)")
    same = "; every output is identical" if verdict.identical else ""
    return " and ".join(names) + same


def _listed(label: str, sentences: tuple[str, ...], width: int) -> list[str]:
    """Start each sentence on a new line; only the first has the label."""
    lines: list[str] = []
    for sentence in sentences:
        lines += hang("        " if lines else label, safe.ci_log(sentence), width)
    return lines


def evidence_lines(verdict: Verdict, width: int) -> list[str]:
    """Return a line for the cases, the reserve and the finals, where they were asked."""
    return [line for label, said in evidence(verdict) for line in hang(label, said, width)]


def evidence(verdict: Verdict) -> list[tuple[str, str]]:
    """Return what the verdict rests on, each part with its label; nothing under the first rule."""
    if verdict.rule < 2 or not verdict.metrics:
        return []
    used = 0 if verdict.reserve is None else verdict.reserve.used
    broke = f"{len(verdict.broken)} collapsed, {verdict.can_break} can break"
    rows = [("  cases    ", f"{count(verdict.n - used, 'case')}, {broke}")]
    if verdict.reserve is not None:
        looks = count(verdict.reserve.looks, "look")
        rows.append(("  reserve  ", f"{used} of {verdict.reserve.available} used, {looks}"))
    finals = verdict.finals
    if finals is not None:
        said = f"{count(finals.n, 'text')} that people sent, {finals.collapsed} would be lost"
        if finals.n > 1:
            said += f"; {finals.mean:+.3f} on average, {finals.low:+.3f} at worst"
        rows.append(("  finals   ", (said + (f"; {finals.note}" if finals.note else ""))))
    return [(label, said.replace("-0.", "−0.")) for label, said in rows]


def certifiable(verdict: Verdict) -> str:
    """Say which margin the benchmark can certify, the cases this takes, and its past use."""
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


def _name(name: str) -> str:
    return safe.ci_log(name, limit=80)
