"""Verdicts and runs as a notebook shows them, and the sheets behind their data frames.

Tested in tests/render/test_notebook.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import CaseResult, Run, Verdict
from harness.render.case_scores import ordered_names
from harness.render.changes import tally
from harness.render.compare import side_by_side_json
from harness.render.facts import other_notes
from harness.render.report.framed import framed
from harness.render.report.metrics import metric_grids
from harness.render.report.page import head, lines
from harness.render.sheet import Cell, Sheet
from harness.render.sidebyside import SideBySide
from harness.text.figures import count
from harness.text.html import Html, element
from harness.text.plain import plain

_FIGURES = ("margin", "reference", "candidate_mean", "difference", "low", "high", "p_drop")
_METRICS = (
    *("candidate", "benchmark", "outcome", "metric", "role", "against"),
    *_FIGURES,
    *("state", "cases"),
)
Record = Verdict | Run | SideBySide


def to_dict(record: Record) -> dict[str, Any]:
    """Return a record with every field under its name; two runs as `compare --json` has them."""
    return side_by_side_json(record) if isinstance(record, SideBySide) else dict(plain(record))


def sheet_of(record: Record) -> Sheet:
    """Return the table of a record: metrics of a verdict, cases of a run or of two."""
    if isinstance(record, Verdict):
        return metrics_sheet(record)
    return scores_sheet([record]) if isinstance(record, Run) else _both_sheet(record)


def to_html(record: Record) -> str:
    """Return a record as a notebook shows it."""
    found = _verdict(record) if isinstance(record, Verdict) else sheet_of(record).html()
    return framed(found)


def _verdict(verdict: Verdict) -> Html:
    notes = other_notes(verdict)
    return element(
        "div",
        head(verdict, level="h3"),
        metric_grids(verdict),
        element("p", tally(verdict)),
        lines(verdict.advice) if verdict.advice else None,
        element("details", element("summary", "also"), lines(notes)) if notes else None,
    )


def metrics_sheet(verdict: Verdict) -> Sheet:
    """Return every metric of a verdict against every reference; its guards have rows too."""
    rows = tuple(
        (
            *(of.candidate, of.benchmark, of.outcome, found.name, found.role, found.against),
            *(found.margin, found.reference, found.candidate),
            *(found.difference, found.low, found.high, found.p_drop),
            *(found.state, found.n),
        )
        for of in (verdict, *verdict.guards)
        for found in of.metrics
    )
    title = f"{verdict.outcome}: {verdict.candidate} on {verdict.benchmark}"
    return Sheet(title, _METRICS, rows, figures=_FIGURES)


def scores_sheet(runs: Sequence[Run]) -> Sheet:
    """Return runs × cases × metrics: a row for each case of each run, a column for each metric.

    A slice has a column `slice KEY`, which no metric can be called.
    """
    results = [result for run in runs for result in run.results]
    metrics = ordered_names(result.scores for result in results)
    keys = ordered_names(result.case.slices for result in results)
    columns = (
        *("run", "adapter", "benchmark", "started", "case", "critical"),
        *(f"slice {key}" for key in keys),
        *metrics,
        *("failed_checks", "output"),
    )
    rows = [
        (
            *(run.id, run.adapter, run.benchmark, run.started or None),
            *(result.case.id, result.case.critical),
            *(result.case.slices.get(key) for key in keys),
            *(result.scores.get(name) for name in metrics),
            *_said(result),
        )
        for run in runs
        for result in run.results
    ]
    one = runs[0] if len(runs) == 1 else None
    title = f"{one.adapter} on {one.benchmark}" if one else count(len(runs), "run")
    return Sheet(title, columns, tuple(rows), times=("started",), figures=metrics)


def _said(result: CaseResult) -> tuple[Cell, Cell]:
    failed = ", ".join(check.name for check in result.checks if not check.passed)
    return failed, result.text


def _both_sheet(both: SideBySide) -> Sheet:
    """Return a row for each case that two runs share, with both scores of every metric."""
    metrics = ordered_names(pair.scores for pair in both.pairs)
    figures = [f"{name} {side}" for name in metrics for side in ("a", "b", "change")]
    rows = []
    for pair in both.pairs:
        scores: list[Cell] = []
        for name in metrics:
            a, b = pair.scores.get(name, (None, None))
            scores += [a, b, None if a is None or b is None else b - a]
        case = pair.a.case
        rows.append((case.id, case.critical, pair.same, *scores, pair.a.text, pair.b.text))
    columns = ("case", "critical", "same", *figures, "output a", "output b")
    title = f"a is {both.a.adapter}, b is {both.b.adapter}, on {both.a.benchmark}"
    return Sheet(title, columns, tuple(rows), figures=tuple(figures))
