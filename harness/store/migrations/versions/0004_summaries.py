"""Means per run, and per slice of it, so that a page never adds up all scores; newest-first indexes.

Runs that are here already are summed up, in the words of this migration alone: what the store
does later may change, what it did here may not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

_RUNS_AT_ONCE = 200
Some = list[float]
Values = tuple[dict[str, Some], dict[tuple[str, str], Some]]
"""Of one run, by metric, and by metric and slice."""


def upgrade() -> None:
    op.create_table(
        "run_means",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.seq"), primary_key=True),
        sa.Column("metric", sa.String(64), primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("mean", sa.Float, nullable=False),
        sa.Column("squares", sa.Float, nullable=False),
        sa.Column("benchmark", sa.String(64), nullable=False),
        sa.Column("adapter", sa.String(130), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
    )
    op.create_table(
        "run_slice_means",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.seq"), primary_key=True),
        sa.Column("metric", sa.String(64), primary_key=True),
        sa.Column("slice", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("mean", sa.Float, nullable=False),
        sa.Column("squares", sa.Float, nullable=False),
    )
    _fill(op.get_bind())
    op.create_index(
        "run_means_over_time",
        "run_means",
        ["benchmark", "metric", "adapter", "started"]
        + ["run", "fingerprint", "n", "mean", "squares"],
    )
    op.drop_index("runs_by_adapter", "runs")
    op.create_index("runs_by_adapter", "runs", ["benchmark", "adapter", "seq"])
    op.create_index("runs_by_benchmark", "runs", ["benchmark", "complete", "seq"])
    op.create_index(
        "runs_by_fingerprint", "runs", ["fingerprint", "digest", "seq", "adapter", "complete"]
    )
    op.drop_index("verdicts_by_candidate", "verdicts")
    op.create_index("verdicts_by_candidate", "verdicts", ["benchmark", "candidate", "seq"])
    op.create_index("verdicts_by_run", "verdicts", ["run", "seq"])
    op.create_index("verdicts_by_fingerprint", "verdicts", ["fingerprint", "digest", "seq"])
    op.drop_index("reviews_by_task", "reviews")
    op.create_index(
        "reviews_by_task",
        "reviews",
        ["task", "digest", "adapter", "week", "decision", "edit_rate", "source", "seq", "at"],
    )
    op.create_index("reviews_by_source", "reviews", ["source"])


def _fill(connection: sa.Connection) -> None:
    last = 0
    heads = sa.text(
        "SELECT seq, benchmark, adapter, fingerprint, started FROM runs"
        " WHERE complete AND seq > :last ORDER BY seq LIMIT :most"
    )
    bodies = sa.text(
        "SELECT run, body FROM run_cases WHERE run >= :first AND run <= :last ORDER BY run, position"
    )
    while True:
        some = connection.execute(heads, {"last": last, "most": _RUNS_AT_ONCE}).mappings().all()
        if not some:
            return
        first, last = some[0]["seq"], some[-1]["seq"]
        found: dict[int, Values] = {head["seq"]: ({}, {}) for head in some}
        for run, body in connection.execute(bodies, {"first": first, "last": last}):
            if run in found:
                _count(json.loads(body), *found[run])
        _insert(connection, some, found)


def _count(case: Any, by_metric: dict[str, Some], by_slice: dict[tuple[str, str], Some]) -> None:
    for metric, value in case["scores"].items():
        if value is None:
            continue
        by_metric.setdefault(metric, []).append(value)
        for name, part in case["case"]["slices"].items():
            by_slice.setdefault((metric, f"{name}={part}"), []).append(value)


def _insert(connection: sa.Connection, heads: Sequence[Any], found: dict[int, Values]) -> None:
    means: list[dict[str, Any]] = []
    slices: list[dict[str, Any]] = []
    for head in heads:
        by_metric, by_slice = found[head["seq"]]
        about = {key: head[key] for key in ("benchmark", "adapter", "fingerprint", "started")}
        for metric, values in by_metric.items():
            means.append({"run": head["seq"], "metric": metric} | _summary(values) | about)
        for (metric, part), values in by_slice.items():
            slices.append({"run": head["seq"], "metric": metric, "slice": part} | _summary(values))
    for table, rows in (("run_means", means), ("run_slice_means", slices)):
        if rows:
            names = ", ".join(f'"{name}"' for name in rows[0])
            marks = ", ".join(f":{name}" for name in rows[0])
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), rows)


def _summary(values: Some) -> dict[str, Any]:
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return {"n": len(values), "mean": mean, "squares": squares}
