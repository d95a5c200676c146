"""File a review of an output in the queue, by the same rules as a row of an import.

Tested in tests/flows/queries/test_review_queue.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from harness.errors import DataError
from harness.flows.project import Project, utc_now
from harness.flows.reviews.edit_rates import rates
from harness.flows.reviews.rows import FIELDS, KnownAdapters, ReviewReader
from harness.flows.reviews.second_look import second_looks
from harness.flows.reviews.waiting import Origin, Waiting, outputs_of, waiting_of
from harness.records import ON_BENCHMARK, SECOND_LOOK, Review, Treatment
from harness.store import Store
from harness.text.blanks import is_blank
from harness.text.given import beside_input
from harness.workspace.importers.columns import Columns

SOURCES: dict[Origin, str] = {
    "file": "dashboard",
    "production": "dashboard",
    "benchmark": ON_BENCHMARK,
    "second": SECOND_LOOK,
}


def file_review(
    project: Project,
    store: Store,
    waiting: Waiting,
    decision: Treatment,
    *,
    reviewer: str,
    final: str | None = None,
    reason: str = "",
    seconds: float | None = None,
    at: str | None = None,
) -> Review:
    """Record a review; refuse a contradiction and an output that is reviewed already.

    A page may have masked its texts: the review gets the texts as they were written, and masks in
    the final are replaced by the texts that they hide.
    """
    if is_blank(reviewer):
        raise DataError("say who you are first: your name stands on the review")
    waiting = _unmasked(project, store, waiting, reviewer)
    final = None if final is None else project.redaction.restored(final, waiting.output)
    row = {
        "id": waiting.key,
        "at": at or utc_now(),
        "task": waiting.task,
        "adapter": waiting.adapter,
        "digest": waiting.digest,
        **({"input": waiting.input} | beside_input(waiting)),
        "output": waiting.output,
        "final": final or "",
        "decision": decision,
        "reviewer": reviewer,
        "reason": reason,
        "slices": dict(waiting.slices),
        "seconds": "" if seconds is None else round(seconds, 1),
    }
    if "messages" in row:  # which end with the input
        del row["input"]
    columns = Columns({name: name for name in FIELDS if name in row})
    known, source = KnownAdapters(project, store), SOURCES[waiting.origin]
    try:
        review = ReviewReader(columns, known, datetime.now(UTC), source).review(row)
    except ValueError as problem:
        raise DataError(f"the review cannot be filed: {problem}") from problem
    return _kept(store, review)


def _unmasked(project: Project, store: Store, shown: Waiting, reviewer: str) -> Waiting:
    """Return the output as it was written; the page may have shown it masked."""
    if not project.redaction.finders:
        return shown
    if shown.origin == "production" and (kept := store.production.by_id(shown.key)):
        return waiting_of(kept)
    outputs = (
        second_looks(store, shown.task, reviewer)
        if shown.origin == "second"
        else outputs_of(project, store, project.task_benchmark(shown.task), shown.adapter)
    )
    for one in outputs:
        if one.key == shown.key:
            return one
    raise DataError("this output waits no more, take the next one")


def _kept(store: Store, review: Review) -> Review:
    """Store a review with its rates, and return it with its number."""
    [both] = rates([(review.output, review.final)])
    if both is not None:
        review = replace(review, edit_rate=both[0], character_rate=both[1])
    # Another person may have filed the same id meanwhile: 0 for an equal review, else a DataError.
    taken = "somebody reviewed this output meanwhile, take the next one"
    try:
        new = store.reviews.keep([review])
    except DataError as problem:
        raise DataError(taken) from problem
    if not new:
        raise DataError(taken)
    return store.reviews.by_ids([review.id])[0]
