"""Edit rates of many reviews: in this process for few, on several cores for many."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from threading import Thread

from harness.alarm.wilson import wilson
from harness.errors import RequestError, WorldFailed
from harness.measure.edits import edit_rate, edit_similarity
from harness.records import GroupRates, Rate, Review, Tally
from harness.store import Store
from harness.store.tallies import By
from harness.workspace.formats.fields import suggestion


def review_rates(
    store: Store, by: By = "week", task: str | None = None, since: str | None = None
) -> list[GroupRates]:
    """One line per group, by name; of one task or of all, since a day or from the beginning."""
    if task is not None and task not in store.reviews.tasks():
        known = suggestion(task, store.reviews.tasks())
        raise RequestError(f"{task}: no review is of this task{known}")
    return [group_rates(tally) for tally in store.reviews.rates(by, task, since)]


def group_rates(tally: Tally) -> GroupRates:
    """The rates of one group.

    A mean of values in 0..1 varies at most as much as a share with that mean, so Wilson's interval
    on it is, if anything, too wide.
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


Rates = list[tuple[float, float] | None]
Pairs = list[tuple[str, str | None]]
MANY_BYTES = 4 * 1024 * 1024
"""Files from here on are worth the start of other processes."""
_MAX_WORKERS = 4
_AHEAD = 4
"""Batches for each worker that are read ahead; more would only fill memory."""


def rates(pairs: Pairs) -> Rates:
    """Edit rate and character rate of each output and final; None without a final."""
    return [None if final is None else _rates(output, final) for output, final in pairs]


def _rates(output: str, final: str) -> tuple[float, float]:
    if output == final:
        return 0.0, 0.0
    return edit_rate(output, final), 1.0 - edit_similarity(output, final)


class Rater:
    """Fills the rates in, batch by batch and in order."""

    def __init__(self, pool: ProcessPoolExecutor | None, workers: int) -> None:
        self._pool = pool
        self._ahead = workers * _AHEAD

    def rated(self, batches: Iterable[Sequence[Review]]) -> Iterator[list[Review]]:
        """The same batches with their rates."""
        if self._pool is None:
            for batch in batches:
                yield _filled(batch, rates(_pairs(batch)))
            return
        waiting: deque[tuple[Sequence[Review], Future[Rates]]] = deque()
        try:
            for batch in batches:
                waiting.append((batch, self._pool.submit(rates, _pairs(batch))))
                if len(waiting) >= self._ahead:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)
        except BrokenProcessPool:
            raise WorldFailed(
                "a process that compared texts was ended from outside; nothing was imported,"
                " run the same command again"
            ) from None


@contextmanager
def open_rater(size: int) -> Iterator[Rater]:
    """For a file of this size."""
    workers = min(_cores(), _MAX_WORKERS)
    if size < MANY_BYTES or workers < 2:
        yield Rater(None, 0)
        return
    # Spawned, not forked: a copy of an open store must not exist.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_follow)
    try:
        yield Rater(pool, workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _follow() -> None:
    """Of a worker: leave Ctrl-C to the process that a person started, and end when that ends.

    Killed with -9 it could tell nobody, and a worker would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()


def _end_with(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pairs(batch: Sequence[Review]) -> Pairs:
    return [(review.output, review.final) for review in batch]


def _taken(waiting: deque[tuple[Sequence[Review], Future[Rates]]]) -> list[Review]:
    batch, future = waiting.popleft()
    return _filled(batch, future.result())


def _filled(batch: Sequence[Review], found: Rates) -> list[Review]:
    return [
        review if both is None else replace(review, edit_rate=both[0], character_rate=both[1])
        for review, both in zip(batch, found, strict=True)
    ]
