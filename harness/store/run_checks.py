"""Check that the rows of runs are as recorded, many runs at a time and without building records.

A run's seal is the hash of its JSON text, and its rows hold that text in pieces. So the text is put
together from them: reading 100,000 runs as records takes ten times as long.

Tested in tests/store/test_seals.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, Connection, Row, select

from harness.records import Run
from harness.store import schema
from harness.store.keys import key_of
from harness.store.summaries import summaries_of

Cells = list[Any]

RUNS_AT_ONCE = 500
"""Runs whose rows are read at once."""
_FIELDS = tuple(field.name for field in fields(Run))
_PARTS: tuple[tuple[Column[Any], ...], ...] = (
    tuple(schema.run_cases.c["run", "case_id", "body"]),
    tuple(schema.run_scores.c),
    tuple(schema.run_means.c["run", "metric", "n", "mean", "squares"]),
    tuple(schema.run_slice_means.c),
)
"""What is read of the tables beside `runs`: the run first."""
_HEAD = tuple(column for column in schema.runs.c if column.name not in ("key", "imported"))


def changed_runs(connection: Connection, identities: Sequence[str]) -> list[str]:
    """Return the ids of those runs, at most `RUNS_AT_ONCE`, whose rows are not as recorded.

    The seal covers a run's records; scores and means are stored a second time for queries, outside
    of it, so they are compared with the sealed ones. A run that was pruned meanwhile is not named.
    """
    # Looked at twice: between two statements on PostgreSQL another process may prune a run.
    suspects = _changed(connection, identities)
    return _changed(connection, suspects) if suspects else []


def sealed_text(head: Mapping[Any, Any], bodies: Sequence[str]) -> str:
    """Return the text that a run's seal is the hash of, from its row and its cases' rows."""
    about = json.loads(head["body"])
    texts = {
        name: json.dumps(about[name] if name in about else head[name], ensure_ascii=False)
        for name in _FIELDS
        if name != "results"
    }
    texts["results"] = f"[{', '.join(bodies)}]"
    inside = ", ".join(f'"{name}": {texts[name]}' for name in _FIELDS)
    return f"{{{inside}}}"


def _changed(connection: Connection, identities: Sequence[str]) -> list[str]:
    table = schema.runs
    asked = select(*_HEAD).where(table.c.id.in_(identities)).order_by(table.c.seq)
    heads = connection.execute(asked).all()
    numbers = [head.seq for head in heads]
    parts = [_by_run(connection, columns, numbers) for columns in _PARTS]
    return [head.id for head in heads if not _fits(head, *(part[head.seq] for part in parts))]


def _by_run(
    connection: Connection, columns: Sequence[Column[Any]], numbers: Sequence[int]
) -> dict[int, list[Cells]]:
    """Return by run the cells of its rows in a table, in the order of its primary key."""
    run, *_ = columns
    asked = select(*columns).where(run.in_(numbers)).order_by(*run.table.primary_key.columns)
    found: dict[int, list[Cells]] = defaultdict(list)
    for number, *cells in connection.execute(asked).all():
        found[number].append(cells)
    return found


def _fits(
    head: Row[Any],
    cases: list[Cells],
    scores: list[Cells],
    means: list[Cells],
    slice_means: list[Cells],
) -> bool:
    try:
        bodies = [body for _, body in cases]
        sealed = head.seal == key_of("seal", run=sealed_text(head._asdict(), bodies))
        if not sealed or head.digest != json.loads(head.body)["digests"].get("adapter", ""):
            return False
        results = list(map(json.loads, bodies))
        if [case for case, _ in cases] != [result["case"]["id"] for result in results]:
            return False
        inside = {(r["case"]["id"], m): v for r in results for m, v in r["scores"].items()}
        if inside != {(case, metric): value for case, metric, value in scores}:
            return False
        # only complete runs have means
        scored = ((r["scores"], r["case"]["slices"]) for r in results if head.complete)
        whole, parts = summaries_of(scored)
    except (AttributeError, KeyError, TypeError, ValueError):  # a row that was edited by hand
        return False
    return whole == {(metric,): tuple(rest) for metric, *rest in means} and parts == {
        (metric, part): tuple(rest) for metric, part, *rest in slice_means
    }
