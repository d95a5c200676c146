"""Compare recent inputs with the benchmark's by embeddings, each computed once and stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.alarm.input_shift import MIN_INPUTS, vector_shift
from harness.engines.embedder import Embedder
from harness.flows.evaluation.scoring import vectors_of
from harness.flows.monitoring.review_counts import first_day
from harness.flows.project import Project
from harness.progress import OnProgress
from harness.records import NOT_COUNTED, Benchmark, Decision, InputShift, Tally
from harness.store import Store
from harness.workspace.base.weights import NONE

MAX_INPUTS = 200
"""Newest inputs that are compared."""
FARTHEST = 3
"""Inputs shown that are least like any case."""
_MAX_REVIEWS = 5_000
"""Newest reviews that are searched for inputs."""


def input_shift(
    project: Project,
    store: Store,
    held: Decision,
    benchmark: Benchmark,
    recent: Sequence[Tally],
    on_progress: OnProgress,
) -> InputShift:
    """Compare the newest inputs with the cases' inputs; the embedder loads only for new texts."""
    # Distinct inputs only: repeated inputs would count as independent in the test.
    cases = list(dict.fromkeys(case.input for case in benchmark.cases))
    if project.settings.embedder == NONE:
        return InputShift(0, len(cases), skipped="no embedder is set")
    inputs = _newest(store, held, recent)
    if min(len(inputs), len(cases)) < MIN_INPUTS:
        few = f"{len(inputs)} inputs and {len(cases)} cases, {MIN_INPUTS} of each are needed"
        return InputShift(len(inputs), len(cases), skipped=few)
    vectors = vectors_of(
        [*inputs, *cases],
        store,
        Embedder(project.embedder.path),
        project.embedder.digest,
        lambda done, missing: on_progress("embedding inputs", done, missing),
    )
    found = vector_shift(
        np.stack([vectors[text] for text in inputs]), np.stack([vectors[text] for text in cases])
    )
    assert found is not None  # there are enough of both
    order = sorted(range(len(inputs)), key=lambda place: -found.nearest[place])
    far = tuple(inputs[place] for place in order[:FARTHEST])
    return InputShift(len(inputs), len(cases), found.distance, found.p, found.shown, far)


def _newest(store: Store, held: Decision, recent: Sequence[Tally]) -> list[str]:
    """Return the inputs of the newest reviews without repeats, the newest first."""
    if not recent:
        return []
    after = min(tally.first_seq for tally in recent) - 1
    start = max(after, max(tally.last_seq for tally in recent) - _MAX_REVIEWS)
    since, made_by = first_day(recent[0].key), (held.adapter, held.digest)
    reviews = store.reviews.each(held.task, start, since, made_by=made_by)
    found = [review.input for review in reviews if review.source not in NOT_COUNTED]
    return list(dict.fromkeys(reversed(found)))[:MAX_INPUTS]
