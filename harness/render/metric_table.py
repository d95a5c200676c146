"""The metrics of a verdict as text tables: scores, difference with its interval, and state.

There is a table per reference; guard benchmarks are rows of the first.

Tested in tests/render/test_verdict.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.records import MetricVerdict, Verdict
from harness.text import safe
from harness.text.figures import interval, margin, metric_title, score
from harness.text.table import display_width, hang, table

WIDE = 80
"""Columns from which on a terminal gets a table of metrics."""
COLOURS = {"worse": "31", "better": "32", "not worse": "32", "open": "33"}


def metric_tables(verdict: Verdict, width: int, colour: bool = False) -> list[str]:
    """Return the tables, with a column less where `width` is too small."""
    against = list(dict.fromkeys(metric.against for metric in verdict.metrics))
    lines: list[str] = []
    for number, reference in enumerate(against):
        rows = [
            (metric_title(metric.name), metric)
            for metric in verdict.metrics
            if metric.against == reference
        ]
        guards = guard_rows(verdict) if number == 0 else []
        lines += _table(reference, [*rows, *guards], verdict.alpha, width, colour)
    return lines


def guard_rows(verdict: Verdict) -> list[tuple[str, MetricVerdict]]:
    """Give each gated metric of each guard benchmark a row under the benchmark's name."""
    rows = []
    for guard in verdict.guards:
        # against the base or the pinned adapter as well, a guard would have every row twice
        first = next((m.against for m in guard.metrics), None)
        gated = [m for m in guard.metrics if m.role == "gate" and m.against == first]
        for metric in gated:
            more = f" {metric_title(metric.name)}" if len(gated) > 1 else ""
            rows.append(
                (safe.ci_log(guard.benchmark, limit=40) + more, replace(metric, role="guard"))
            )
    return rows


def _table(
    reference: str,
    rows: Sequence[tuple[str, MetricVerdict]],
    alpha: float,
    width: int,
    colour: bool,
) -> list[str]:
    name = safe.ci_log(reference, limit=40)
    head = ["", "role", name, "candidate", f"difference, {sure(alpha)}", "margin", ""]
    cells = [
        [
            title,
            metric.role,
            score(metric.reference),
            score(metric.candidate),
            difference_of(metric),
            "" if metric.margin is None else margin(metric.margin),
            metric.state,
        ]
        for title, metric in rows
    ]
    lines = table([head, *cells], "<<>>>><", indent=2)
    if max(map(display_width, lines)) > width:
        # the margin joins the role, which saves a column
        narrow = [
            [title, f"{role} {asked}".strip(), before, now, difference, state]
            for title, role, before, now, difference, asked, state in (head, *cells)
        ]
        lines = table(narrow, "<<>>><", gap=1)
    if max(map(display_width, lines)) > width < WIDE:
        return _stacked(rows, width, colour)
    return _coloured(lines, [metric for _, metric in rows]) if colour else lines


def _stacked(rows: Sequence[tuple[str, MetricVerdict]], width: int, colour: bool) -> list[str]:
    """Return a paragraph for each metric, for terminals on which no table fits."""
    lines = [""]
    for title, metric in rows:
        asked = "" if metric.margin is None else f" {margin(metric.margin)}"
        before, now = score(metric.reference), score(metric.candidate)
        head = f"  {title}  {metric.state}"
        lines += _coloured(["", head], [metric])[1:] if colour else [head]
        said = f"{before} → {now}, {difference_of(metric)} ({metric.role}{asked})"
        lines += hang("    ", said, width)
    return lines


def sure(alpha: float) -> str:
    """Return the confidence of an interval, such as 95 %."""
    return f"{100 * (1 - alpha):.3g} %"


def difference_of(metric: MetricVerdict) -> str:
    """Return the difference with its interval, or the counts where no interval was computed."""
    if metric.low is None and metric.counts:
        counted = ", ".join(f"{number} {what}" for what, number in metric.counts.items())
        return safe.ci_log(counted, limit=60)
    return interval(metric.difference, metric.low, metric.high)


def _coloured(lines: list[str], metrics: Sequence[MetricVerdict]) -> list[str]:
    """Colour the state, which is the last word of its line.

    Only after the table is aligned: escape codes would count as columns.
    """
    painted = lines[:1]
    for line, metric in zip(lines[1:], metrics, strict=True):
        code = COLOURS.get(metric.state)
        body = line.removesuffix(metric.state)
        painted.append(f"{body}\x1b[{code}m{metric.state}\x1b[0m" if code else line)
    return painted
