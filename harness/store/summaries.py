"""Means per run and per slice, stored with the run, so that pages need not read all its scores.

Only complete runs have them: a mean over some of the cases is not comparable with one over all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import fsum
from typing import Any

from sqlalchemy import Connection, delete

from harness.records import Run
from harness.store import schema
from harness.store.insertion import insert_new

Scored = tuple[Mapping[str, float | None], Mapping[str, str]]
"""The scores of a case, and its slices."""
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
    whole, parts = summaries_of((result.scores, result.case.slices) for result in run.results)
    insert_new(connection, schema.run_means, _rows(seq, whole, about))
    insert_new(connection, schema.run_slice_means, _rows(seq, parts, {}))


def remove_summaries(connection: Connection, seq: int | None) -> None:
    """Delete a run's means."""
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.run == seq))


def summaries_of(scored: Iterable[Scored]) -> tuple[Summary, Summary]:
    """Return the summaries of the scores by metric, and by metric and slice.

    Compared with ==, they tell whether stored means are still those of the scores: `fsum` rounds
    once, so the same scores give the same bits again.
    """
    whole: dict[tuple[str, ...], list[float]] = {}
    parts: dict[tuple[str, ...], list[float]] = {}
    for scores, slices in scored:
        mine = [f"{name}={part}" for name, part in slices.items()]
        for metric, value in scores.items():
            if value is not None:
                whole.setdefault((metric,), []).append(value)
                for part in mine:
                    parts.setdefault((metric, part), []).append(value)
    return _summaries(whole), _summaries(parts)


def _summaries(values: dict[tuple[str, ...], list[float]]) -> Summary:
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
