"""Edit rates: computed for the reviews of an import, and reported by group.

A small file is rated in this process, a large file on several cores.

Tested in tests/flows/reviews/test_importing.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace

from harness.alarm.wilson import wilson
from harness.errors import RequestError, WorldFailed
from harness.flows.worker_pool import open_pool, worker_count
from harness.measure.edits import edit_rate, edit_similarity
from harness.records import GroupRates, Rate, Review, Tally
from harness.store import Store
from harness.store.tallies import By
from harness.workspace.formats.fields import suggestion

Rates = list[tuple[float, float] | None]
Pairs = list[tuple[str, str | None]]
MANY_BYTES = 4 * 1024 * 1024
"""Size of a file from which the start of worker processes pays."""
_PREFETCH = 4
"""Batches read ahead for each worker; more would only fill memory."""


def rates(pairs: Pairs) -> Rates:
    """Return edit rate and character rate of each output and final; None without a final."""
    found: Rates = []
    for output, final in pairs:
        if final is None:
            found.append(None)
        elif output == final:  # the common case, at no cost
            found.append((0.0, 0.0))
        else:
            found.append((edit_rate(output, final), 1.0 - edit_similarity(output, final)))
    return found


class Rater:
    """Fill in the rates of reviews, batch by batch and in order."""

    def __init__(self, pool: ProcessPoolExecutor | None, workers: int) -> None:
        self._pool = pool
        self._prefetch = workers * _PREFETCH

    def rated(self, batches: Iterable[Sequence[Review]]) -> Iterator[list[Review]]:
        """Yield the batches with their rates filled in."""
        if self._pool is None:
            for batch in batches:
                yield _filled(batch, rates(_pairs(batch)))
            return
        waiting: deque[tuple[Sequence[Review], Future[Rates]]] = deque()
        try:
            for batch in batches:
                waiting.append((batch, self._pool.submit(rates, _pairs(batch))))
                if len(waiting) >= self._prefetch:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)
        except BrokenProcessPool as problem:
            raise WorldFailed(
                "a process that compared texts was ended from outside; nothing was imported,"
                " run the same command again"
            ) from problem


@contextmanager
def open_rater(size: int) -> Iterator[Rater]:
    """Open a rater for a file of this size; its workers end with the block."""
    workers = worker_count()
    if size < MANY_BYTES or workers < 2:
        yield Rater(None, 0)
        return
    with open_pool(workers) as pool:
        yield Rater(pool, workers)


def _pairs(batch: Sequence[Review]) -> Pairs:
    return [(review.output, review.final) for review in batch]


def _taken(waiting: deque[tuple[Sequence[Review], Future[Rates]]]) -> list[Review]:
    """Take the oldest batch, waiting for its rates: the order of the file is kept."""
    batch, future = waiting.popleft()
    return _filled(batch, future.result())


def _filled(batch: Sequence[Review], found: Rates) -> list[Review]:
    return [
        review if both is None else replace(review, edit_rate=both[0], character_rate=both[1])
        for review, both in zip(batch, found, strict=True)
    ]


def review_rates(
    store: Store, by: By = "week", task: str | None = None, since: str | None = None
) -> list[GroupRates]:
    """Return the rates of each group, sorted by its name; by default of all tasks and all days."""
    if task is not None and task not in store.reviews.tasks():
        known = suggestion(task, store.reviews.tasks())
        raise RequestError(f"{task}: no review is of this task{known}")
    return [group_rates(tally) for tally in store.reviews.rates(by, task, since)]


def group_rates(tally: Tally) -> GroupRates:
    """Return the rates of a group with Wilson's intervals.

    A mean of values in 0..1 varies at most as much as a share with that mean, so the interval of
    the edit rate is too wide rather than too narrow.
    """
    return GroupRates(
        key=tally.key,
        n=tally.n,
        synthetic=tally.synthetic,
        edit_rate=_rate(tally.edit_rate, tally.final_n),
        rejection_rate=_rate(tally.rejection_rate, tally.n),
        edited_share=_rate(tally.edited_share, tally.n),
    )


def _rate(value: float | None, n: int) -> Rate:
    low, high = wilson(value or 0.0, n)
    return Rate(value, n, low, high)
