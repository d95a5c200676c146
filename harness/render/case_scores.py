"""Cases × metrics as a text table that fits a terminal: names are cut, columns left out and named.

Tested in tests/render/test_case_scores.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from harness.records import CaseResult, Run, Verdict
from harness.text import safe
from harness.text.figures import count, metric_title, score
from harness.text.table import cut, display_width, hang, table

MIN_NAME = 12
"""Columns that the names of the cases keep, whatever the number of metrics."""
GAP = 2


class CaseScores(NamedTuple):
    """The scores of a case by metric, and the verdict's word on it; plain values."""

    case: str
    said: str
    """`broke`, `fixed`, `reworded`, `must failed`, `left out`, or empty."""
    scores: tuple[float | None, ...]
    """In the order of the metrics; None is missing."""


class CaseScoreTable(NamedTuple):
    """The scores of a run; plain values, which xdist's workers can send."""

    metrics: tuple[str, ...]
    """Gates first."""
    rows: tuple[CaseScores, ...]
    """In the benchmark's order."""


def ordered_metrics(result: CaseResult, verdict: Verdict) -> tuple[str, ...]:
    """Return the metrics of a case: those of the verdict in its order, gates first, then others."""
    roles = ("gate", "guard", "report")
    judged = sorted(verdict.metrics, key=lambda metric: roles.index(metric.role))
    known = [metric.name for metric in judged if metric.name in result.scores]
    return tuple(dict.fromkeys([*known, *result.scores]))


def ordered_names(mappings: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return every name that some mappings have, each once, in the order of their first use."""
    return tuple(dict.fromkeys(name for names in mappings for name in names))


def score_table(run: Run, verdict: Verdict) -> CaseScoreTable:
    """Return the scores of every case of a run, with the verdict's word on each."""
    metrics = ordered_names(ordered_metrics(result, verdict) for result in run.results)
    said = _said(verdict)
    rows = []
    for result in run.results:
        word = said.get(result.case.id) or ("must failed" if result.failed_musts else "")
        scores = tuple(result.scores.get(name) for name in metrics)
        rows.append(CaseScores(result.case.id, word, scores))
    return CaseScoreTable(metrics, tuple(rows))


def score_table_text(found: CaseScoreTable, width: int = 80) -> str:
    """Return the table with the mean of every metric below it."""
    metrics = [metric_title(name).replace("similarity", "sim.") for name in found.metrics]
    means = tuple(_mean([row.scores[at] for row in found.rows]) for at in range(len(metrics)))
    rows = [*found.rows, CaseScores(f"mean of {count(len(found.rows), 'case')}", "", means)]
    words = max((display_width(row.said) for row in rows), default=0)
    shown, room = len(metrics), 0
    while shown >= 0:
        taken = sum(GAP + _column(title) for title in metrics[:shown])
        room = width - taken - (GAP + words if words else 0)
        if room >= MIN_NAME or not shown:
            break
        shown -= 1
    heads = _heads(metrics[:shown])
    cells = [
        [cut(safe.ci_log(row.case), room), *map(score, row.scores[:shown]), row.said]
        for row in rows
    ]
    lines = table([*heads, *cells], "<" + ">" * shown, gap=GAP)
    if shown < len(metrics):
        left = ", ".join(metrics[shown:])
        lines += hang("", f"too narrow for {left}: widen the terminal, or see the report", width)
    return "\n".join(lines)


def _said(verdict: Verdict) -> Mapping[str, str]:
    """Return the verdict's word by case."""
    said = dict.fromkeys(verdict.left_out, "left out")
    for word, changes in (
        ("reworded", verdict.reworded),
        ("fixed", verdict.fixed),
        ("broke", verdict.broken),
    ):
        said |= {change.case: word for change in changes}
    return said


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [value for value in scores if value is not None]
    return fmean(known) if known else None


def _column(title: str) -> int:
    """Return the columns of a metric: its longest word, or a score."""
    return max(len("0.000"), *(display_width(word) for word in title.split()))


def _heads(titles: Sequence[str]) -> list[list[str]]:
    """Return the head with each title over several lines, a word on each, ending on the last."""
    lines = max((len(title.split()) for title in titles), default=1)
    words = [[*[""] * (lines - len(title.split())), *title.split()] for title in titles]
    return [["", *(column[line] for column in words)] for line in range(lines)]
