"""What a person says about an output in the review queue: read and kept as an imported row is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from harness.errors import DataError
from harness.flows.project import Project, utc_now
from harness.flows.queries.review_queue import outputs_of
from harness.flows.reviews.edit_rates import rates
from harness.flows.reviews.rows import FIELDS, KnownAdapters, ReviewReader
from harness.flows.reviews.waiting import Origin, Waiting
from harness.records import ON_BENCHMARK, Review, Treatment
from harness.store import Store
from harness.workspace.importers.columns import Columns

SOURCES: dict[Origin, str] = {"file": "dashboard", "benchmark": ON_BENCHMARK}


def file_review(
    project: Project,
    store: Store,
    waiting: Waiting,
    decision: Treatment,
    *,
    reviewer: str,
    final: str | None = None,
    reason: str = "",
    at: str | None = None,
) -> Review:
    """Record it; refused where it makes no sense, or somebody else was faster.

    What a page masked is filed as it was written; marks in the final stand for what they hide.
    """
    if not reviewer.strip():
        raise DataError("say who you are first: your name stands on the review")
    waiting = _exact(project, store, waiting)
    final = None if final is None else project.redaction.restored(final, waiting.output)
    row = {
        "id": waiting.key,
        "at": at or utc_now(),
        "task": waiting.task,
        "adapter": waiting.adapter,
        "digest": waiting.digest,
        "input": waiting.input,
        "output": waiting.output,
        "final": final or "",
        "decision": decision,
        "reviewer": reviewer,
        "reason": reason,
        "slices": dict(waiting.slices),
    }
    columns = Columns({name: name for name in FIELDS if name in row})
    reading = ReviewReader(
        columns, KnownAdapters(project, store), datetime.now(UTC), SOURCES[waiting.origin]
    )
    try:
        read = reading.review(row)
    except ValueError as problem:
        raise DataError(f"the review cannot be filed: {problem}") from None
    return _kept(store, read)


def _exact(project: Project, store: Store, shown: Waiting) -> Waiting:
    """The output as it was written; the page may have shown it masked."""
    if not project.redaction.finders:
        return shown
    outputs = outputs_of(project, store, project.task_benchmark(shown.task), shown.adapter)
    for one in outputs:
        if one.key == shown.key:
            return one
    raise DataError("this output waits no more, take the next one")


def _kept(store: Store, review: Review) -> Review:
    [both] = rates([(review.output, review.final)])
    if both is not None:
        review = replace(review, edit_rate=both[0], character_rate=both[1])
    try:
        new = store.reviews.keep([review])
    except DataError:
        new = 0
    if not new:
        raise DataError("somebody reviewed this output meanwhile, take the next one")
    return store.reviews.by_ids([review.id])[0]
