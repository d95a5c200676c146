"""Sheets of what a store remembers: the pages' CSV files and the data frames are made of them.

Tested in tests/flows/test_remembered.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.flows.queries.events import WeekRates
from harness.flows.queries.grid import CaseGrid, GridRow
from harness.flows.queries.ledger import Entry
from harness.render.sheet import Cell, Sheet
from harness.store.verdicts import StoredVerdict
from harness.text.figures import count

LEDGER = (
    *("seq", "at", "kind", "task", "adapter", "case", "override"),
    *("verdict", "by", "why", "broken"),
)
WEEKS = (
    *("task", "week", "starts", "adapter", "reviews", "synthetic"),
    *("edit_rate", "edit_low", "edit_high", "edit_reviews"),
    *("rejection_rate", "rejection_low", "rejection_high", "rejection_reviews"),
)
VERDICTS = (
    *("at", "verdict", "run", "candidate", "task", "benchmark", "fingerprint", "outcome"),
    *("promoted", "pinned", "cases", "rule", "metric", "difference", "low", "high", "reason"),
)

CASE, CRITICAL, SLICE = "case id", "is critical", "slice "
"""Names of a grid's columns; no adapter can have one of them, since its name has no blank."""


def ledger_sheet(entries: Sequence[Entry]) -> Sheet:
    """Return decisions in the order of the entries."""
    rows = [
        (
            *(entry.decision.seq, entry.decision.at, entry.decision.kind, entry.decision.task),
            *(entry.decision.adapter, entry.decision.case, entry.decision.override),
            *(entry.outcome, entry.decision.by, entry.decision.why, entry.broken),
        )
        for entry in entries
    ]
    return Sheet(count(len(rows), "decision"), LEDGER, tuple(rows), times=("at",))


def weeks_sheet(weeks: Mapping[str, Sequence[WeekRates]]) -> Sheet:
    """Return the rates of reviews by task, week and adapter, each with its 95 % interval."""
    rows = []
    for task, week in ((task, week) for task, found in weeks.items() for week in found):
        about = (task, week.week, week.starts, week.adapter, week.n, week.rejection.synthetic)
        rates = (week.edit, week.rejection)
        rows.append(about + tuple(v for r in rates for v in (r.value, r.low, r.high, r.n)))
    figures = tuple(name for name in WEEKS if name.endswith(("_rate", "_low", "_high")))
    return Sheet("reviews by week", WEEKS, tuple(rows), times=("starts",), figures=figures)


def verdicts_sheet(kept: Sequence[StoredVerdict]) -> Sheet:
    """Return verdicts, each with the difference on its first metric, the gate's."""
    rows = []
    for one in kept:
        verdict = one.verdict
        first = next((m for m in verdict.metrics if m.role == "gate"), None)
        figures: tuple[Cell, ...] = (None,) * 4
        if first is not None:
            figures = (first.name, first.difference, first.low, first.high)
        rows.append(
            (
                *(one.made, one.id, one.run, verdict.candidate, verdict.task, verdict.benchmark),
                *(verdict.fingerprint, verdict.outcome, verdict.promoted, verdict.pinned),
                *(verdict.n, verdict.rule, *figures, next(iter(verdict.reasons), None)),
            )
        )
    title = count(len(rows), "verdict")
    figures_of = ("difference", "low", "high")
    return Sheet(title, VERDICTS, tuple(rows), times=("at",), figures=figures_of)


def grid_sheet(grid: CaseGrid, rows: Sequence[GridRow] | None = None) -> Sheet:
    """Return a row for each case, of all or of these, with a column for each adapter."""
    shown = grid.rows if rows is None else rows
    keys = tuple(sorted({key for row in grid.rows for key in row.case.slices}))
    adapters = tuple(column.adapter for column in grid.columns)
    made = tuple(
        (
            *(row.case.id, *row.scores),
            *(*(row.case.slices.get(key) for key in keys), row.case.critical),
        )
        for row in shown
    )
    columns = (CASE, *adapters, *(f"{SLICE}{key}" for key in keys), CRITICAL)
    return Sheet(f"{grid.metric} on {grid.benchmark}", columns, made, figures=adapters)
