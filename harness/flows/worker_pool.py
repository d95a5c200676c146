"""Worker processes for work on many rows: they leave Ctrl-C to their parent and end with it.

Tested in tests/flows/reviews/test_importing.py and tests/flows/decisions/test_verify.py.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

_MAX_WORKERS = 4


def worker_count() -> int:
    """Return how many workers pay: the cores that this process may use, at most four."""
    affinity = hasattr(os, "sched_getaffinity")  # a container often limits them
    cores = len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, _MAX_WORKERS)


@contextmanager
def open_pool(
    workers: int, begin: Callable[..., None] | None = None, *arguments: Any
) -> Iterator[ProcessPoolExecutor]:
    """Open worker processes, each of which calls `begin` first; they end with the block."""
    # Spawned, not forked: a forked worker would inherit the open connections of the store.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        workers, context, initializer=_follow_parent, initargs=(begin, arguments)
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _follow_parent(begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """Start a worker: leave Ctrl-C to the parent process, and exit when the parent ends.

    A parent that is killed with -9 cannot shut its workers down, and they would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def exit_after_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=exit_after_parent, daemon=True).start()
    if begin is not None:
        begin(*arguments)
