"""Locks between processes that write the same file.

Tested in tests/flows/benchmarks/test_adding.py and tests/flows/test_races.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import StoreFailed


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of a name in a folder; another process waits for it."""
    from filelock import FileLock

    lock = FileLock(folder / f"{name}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as problem:
        raise StoreFailed(f"{folder}: cannot be written ({problem.strerror})") from problem
    try:
        yield
    finally:
        lock.release()
