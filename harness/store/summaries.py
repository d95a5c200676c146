"""Means per run and per slice, stored with the run, so that pages need not read all its scores.

Only complete runs have them: a mean over some of the cases is not comparable with one over all.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any

from sqlalchemy import Connection, delete, select

from harness.records import CaseResult, Run
from harness.store import schema
from harness.store.insertion import insert_new

Summary = dict[tuple[str, ...], tuple[int, float, float]]
"""By metric, or by metric and slice: number of cases, mean, sum of squared deviations."""
_TABLES = (schema.run_means, schema.run_slice_means)


def keep_summaries(connection: Connection, run: Run, seq: int) -> None:
    """Store a run's means, in the transaction that stores the run."""
    if not run.complete:
        return
    about = {
        "benchmark": run.benchmark,
        "adapter": run.adapter,
        "fingerprint": run.fingerprint,
        "started": run.started,
    }
    insert_new(connection, schema.run_means, _rows(seq, means(run.results), about))
    insert_new(connection, schema.run_slice_means, _rows(seq, slice_means(run.results), {}))


def remove_summaries(connection: Connection, seq: int | None) -> None:
    """Delete a run's means."""
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.run == seq))


def summaries_hold(connection: Connection, run: Run, seq: int) -> bool:
    """Return whether the stored means are still those of the run's sealed scores."""
    # Compared with ==: `fsum` rounds once, so the same scores give the same bits again.
    wanted = (means(run.results), slice_means(run.results)) if run.complete else ({}, {})
    for table, whole in zip(_TABLES, wanted, strict=True):
        rows = connection.execute(select(table).where(table.c.run == seq)).all()
        keys = [column for column in ("metric", "slice") if column in table.c]
        found = {
            tuple(row._mapping[key] for key in keys): (row.n, row.mean, row.squares) for row in rows
        }
        if found != whole:
            return False
    return True


def means(results: Sequence[CaseResult]) -> Summary:
    """Return the summary of the scores by metric."""
    values: dict[tuple[str, ...], list[float]] = {}
    for result in results:
        for metric, value in result.scores.items():
            if value is not None:
                values.setdefault((metric,), []).append(value)
    return {key: _summary(mine) for key, mine in values.items()}


def slice_means(results: Sequence[CaseResult]) -> Summary:
    """Return the summary of the scores by metric and slice."""
    values: dict[tuple[str, ...], list[float]] = {}
    for result in results:
        parts = [f"{name}={part}" for name, part in result.case.slices.items()]
        for metric, value in result.scores.items():
            if value is not None:
                for part in parts:
                    values.setdefault((metric, part), []).append(value)
    return {key: _summary(mine) for key, mine in values.items()}


def _summary(values: list[float]) -> tuple[int, float, float]:
    mean = fsum(values) / len(values)
    return len(values), mean, fsum((value - mean) ** 2 for value in values)


def _rows(seq: int, found: Summary, about: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"run": seq, "n": n, "mean": mean, "squares": squares}
        | dict(zip(("metric", "slice"), key, strict=False))
        | about
        for key, (n, mean, squares) in found.items()
    ]
