"""A verdict as a block of text for terminals and CI logs, and as JSON for programs.

Everything that a model, a file or a person wrote goes through `safe`.
"""

from __future__ import annotations

from typing import Any

from harness.records import Verdict
from harness.render.changes import broken_cases, counted, id_list
from harness.render.evidence import evidence, further_reasons, in_one_sentence
from harness.render.facts import BAR_MOVED, facts, moved_bar, other_notes
from harness.render.gain_over_base import worth_lines
from harness.render.metric_table import metric_tables
from harness.text import safe
from harness.text.figures import count, day, margin, metric_title
from harness.text.plain import plain
from harness.text.table import display_width, hang, pad

TITLE = " adapter gate "
RULE = "═"
MIN_WIDTH = 40
LABEL = 11
"""Columns of the longest label of a fact."""
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
        *_rows(verdict, width),
        *_listed("  why   ", further_reasons(verdict), width),
        *metric_tables(verdict, width, colour),
        *counted(verdict, width),
        *broken_cases(verdict, width),
        "",
        *worth_lines(verdict, width),
        *_facts(verdict, width),
        *_listed("  also  ", other_notes(verdict), width),
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


def _rows(verdict: Verdict, width: int) -> list[str]:
    """Return the sentence of the verdict, then the rows of what it rests on, then a moved bar."""
    rows, moved = evidence(verdict), moved_bar(verdict)
    lines = hang("  ", safe.ci_log(said), width) if (said := in_one_sentence(verdict)) else []
    if rows:
        lines.append("")
    columns = max((display_width(row.what) for row in rows), default=0)
    for row in rows:
        found = ": ".join(filter(None, (row.says, row.seen)))
        lines += hang(f"  {pad(row.what, columns)}  ", safe.ci_log(found), width)
    if verdict.finals and verdict.finals.texts:
        lines += hang("  would be lost  ", id_list(verdict.finals.texts), width)
    if moved:
        lines += ["", *hang(f"  {BAR_MOVED}  ", safe.ci_log(moved), width)]
    return [*lines, ""] if lines else []


def _facts(verdict: Verdict, width: int) -> list[str]:
    """Return what is shown with every verdict, each fact behind its label."""
    if verdict.rule < 2:
        return hang("  ", certifiable(verdict), width)
    return [
        line
        for label, said in facts(verdict)
        if label != BAR_MOVED
        for line in hang(f"  {pad(label, LABEL)}  ", safe.ci_log(said), width)
    ]


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
