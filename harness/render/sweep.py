"""Many verdicts as a table and as JSON: a row for each adapter on each benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import JobResult, MetricVerdict, Verdict, Worth
from harness.render.verdict import verdict_json
from harness.text import safe
from harness.text.figures import MISSING, count, interval, metric_title, score
from harness.text.plain import plain
from harness.text.table import hang, table

HEAD = (
    "adapter", "benchmark", "outcome", "gate", "n", "reference", "candidate",
    "difference, 95 %", "over base, 95 %",
)  # fmt: skip
ALIGN = "<<<<><><<"
MAX_NAME = 40


def sweep_text(rows: Sequence[JobResult], *, width: int = 80) -> str:
    """Return the table, the jobs that could not be judged and why, and the outcomes' counts."""
    lines = table([HEAD, *(_cells(row) for row in rows)], ALIGN)
    for row in rows:
        if row.verdict is None:
            place = safe.ci_log(row.adapter, limit=MAX_NAME)
            if row.benchmark:
                place += f" on {safe.ci_log(row.benchmark, limit=MAX_NAME)}"
            # errors on an adapter begin with its name, which the label has already
            error = safe.ci_log(row.error).removeprefix(f"{row.adapter}: ")
            lines += ["", *hang(f"{place}: ", error, width)]
    outcomes = [_outcome(row) for row in rows]
    words = ("promote", "reject", "inconclusive", "refused", "not judged")
    counts = [f"{outcomes.count(word)} {word}" for word in words if word in outcomes]
    adapters = {row.adapter for row in rows} - {None}
    benchmarks = {row.benchmark for row in rows} - {None}
    asked = f"{count(len(adapters), 'adapter')}, {count(len(benchmarks), 'benchmark')}"
    return "\n".join([*lines, "", f"{asked}: {' · '.join(counts)}"])


def sweep_json(rows: Sequence[JobResult]) -> dict[str, Any]:
    """Return every row with the figures of the table, and its whole verdict."""
    return {"rows": [_row_json(row) for row in rows]}


def _cells(row: JobResult) -> tuple[str, ...]:
    name = safe.ci_log(row.adapter, limit=MAX_NAME)
    benchmark = safe.ci_log(row.benchmark or MISSING, limit=MAX_NAME)
    if row.verdict is None:
        return (name, benchmark, _outcome(row))
    gate, worth = _gate(row.verdict), _worth(row.verdict)
    if gate is None:
        return (name, benchmark, _outcome(row), MISSING, str(row.verdict.n))
    promoted = row.verdict.promoted if gate.against == "promoted" else None
    reference = safe.ci_log(promoted or gate.against, limit=MAX_NAME)
    return (
        name,
        benchmark,
        _outcome(row),
        metric_title(gate.name),
        str(gate.n),
        f"{score(gate.reference)} {reference}",
        score(gate.candidate),
        interval(gate.difference, gate.low, gate.high),
        MISSING if worth is None else interval(worth.gain, worth.low, worth.high),
    )


def _row_json(row: JobResult) -> dict[str, Any]:
    gate = _gate(row.verdict) if row.verdict else None
    worth = _worth(row.verdict) if row.verdict else None
    figures = {
        "adapter": row.adapter,
        "benchmark": row.benchmark,
        "outcome": row.verdict.outcome if row.verdict else None,
        "error": row.error or None,
        "code": row.code,
        "metric": gate.name if gate else None,
        "n": gate.n if gate else None,
        "against": gate.against if gate else None,
        "reference": gate.reference if gate else None,
        "candidate": gate.candidate if gate else None,
        "difference": gate.difference if gate else None,
        "low": gate.low if gate else None,
        "high": gate.high if gate else None,
        "over_base": worth.gain if worth else None,
    }
    return dict(plain(figures)) | {"verdict": verdict_json(row.verdict) if row.verdict else None}


def _gate(verdict: Verdict) -> MetricVerdict | None:
    """Return the first gate against the promoted adapter, or against base if none is promoted."""
    gates = [metric for metric in verdict.metrics if metric.role == "gate"]
    return next((gate for gate in gates if gate.against != "pinned"), None)


def _worth(verdict: Verdict) -> Worth | None:
    """Return the gain over base on the gate's metric."""
    gate = _gate(verdict)
    place = ("base", verdict.benchmark, gate.name if gate else "")
    found = (w for w in verdict.worth if (w.against, w.benchmark, w.metric) == place)
    return next(found, None)


def _outcome(row: JobResult) -> str:
    if row.verdict is not None:
        return row.verdict.outcome
    return "refused" if row.code == 4 else "not judged"  # 4: the exit code of a refusal
