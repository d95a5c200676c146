"""The metrics as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.records import MetricVerdict, Verdict
from harness.render.metric_table import difference_of, guard_rows, sure
from harness.render.report.drawing import SIGNS
from harness.text import safe
from harness.text.figures import margin, metric_title, score

NAME = 80
"""Characters of a name."""


def first_rows(verdict: Verdict) -> list[tuple[str, MetricVerdict]]:
    """The metrics against the first reference, then the guards."""
    first = next((metric.against for metric in verdict.metrics), None)
    rows = [(metric_title(m.name), m) for m in verdict.metrics if m.against == first]
    return [*rows, *guard_rows(verdict)]


def table(rows: Sequence[tuple[str, MetricVerdict]], reference: str, alpha: float) -> Iterator[str]:
    """The lines of a table of metrics."""
    name = safe.markdown_text(reference, limit=NAME)
    yield f"| metric | {name} | candidate | difference, {sure(alpha)} | margin | |"
    yield "|---|--:|--:|--:|--:|---|"
    for title, metric in rows:
        cells = [
            f"{safe.markdown_text(title, limit=NAME)} ({metric.role})",
            score(metric.reference),
            score(metric.candidate),
            safe.markdown_text(difference_of(metric), limit=NAME),
            "" if metric.margin is None else margin(metric.margin),
            f"{SIGNS[metric.state]} {metric.state}",
        ]
        yield f"| {' | '.join(cells)} |"
