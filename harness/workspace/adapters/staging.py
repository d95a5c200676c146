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

from harness.errors import AdapterRefused, WorldFailed, reason
from harness.workspace.formats.names import check_name

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
    except (Timeout, OSError) as problem:  # another process took the new folder for a leftover
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

    for aside in sorted(root.glob("[a-z0-9]*.*")):
        if aside.is_symlink() or not aside.is_dir():
            continue
        lock = FileLock(aside / _LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        _restore(root.parent, aside)
        shutil.rmtree(aside, ignore_errors=True)
        lock.release()  # not before: a process that has just made the folder would go on in it
    _remove_empty(root)


def _restore(adapters: Path, aside: Path) -> None:
    """Put an adapter that was moved aside back, unless its successor has taken the name."""
    old = aside / OLD
    name = aside.name.rpartition(".")[0].replace("+", "/")
    try:
        check_name(name)
    except AdapterRefused:  # no process of ours made it, and it may lead elsewhere
        return
    if old.is_dir() and not old.is_symlink() and not (adapters / name).exists():
        old.rename(adapters / name)


def _remove_empty(root: Path) -> None:
    try:
        root.rmdir()
    except OSError:  # another process fetches too, or there was none
        return
