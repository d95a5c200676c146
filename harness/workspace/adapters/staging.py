"""Keep what is on its way in a folder beside the adapters, so that a rename makes it an adapter.

`adapters/.fetching/NAME.RANDOM/` holds the new folder, the old folder while the two change places,
and a lock that tells the folder of a living process from what a killed process left.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import WorldFailed, reason

FETCHING = ".fetching"
NEW, OLD = "new", "old"
_LOCK = "lock"


@contextmanager
def folder_beside(adapters: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder on the adapters' own disk, and remove it afterwards.

    What a killed process left there is cleaned first; an adapter that it had moved aside is put
    back under its name.
    """
    from filelock import FileLock, Timeout

    root = adapters / FETCHING
    _clean(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f"{name.replace('/', '+')}.", dir=root))
    except OSError as problem:
        raise WorldFailed(f"{root}: cannot be made ({reason(problem)})") from problem
    lock = FileLock(aside / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as problem:  # another process takes the new folder for a leftover
        raise WorldFailed(f"{aside}: another process removed it, try again") from problem
    try:
        yield aside
    finally:
        _restore(adapters, aside)
        lock.release()
        shutil.rmtree(aside, ignore_errors=True)
        _remove_empty(root)


def _clean(root: Path) -> None:
    """Remove the folders of processes that were killed: no living process holds their locks."""
    from filelock import FileLock, Timeout

    for aside in sorted(root.iterdir()) if root.is_dir() else ():
        if aside.is_symlink() or not aside.is_dir():
            continue
        lock = FileLock(aside / _LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        _restore(root.parent, aside)
        lock.release()
        shutil.rmtree(aside, ignore_errors=True)
    _remove_empty(root)


def _restore(adapters: Path, aside: Path) -> None:
    """Put an adapter that was moved aside back, unless its successor has taken the name."""
    old = aside / OLD
    target = adapters / aside.name.rpartition(".")[0].replace("+", "/")
    if old.is_dir() and not target.exists():
        old.rename(target)


def _remove_empty(root: Path) -> None:
    try:
        root.rmdir()
    except OSError:  # another process fetches too, or there was none
        return
