"""Give private folders for copies, and remove those that killed processes left.

Each holds a lock that tells the folder of a living process from a leftover: an adapter's private
copy may have gigabytes, and a killed process removes nothing itself.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "scratch.lock"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder in the temporary folder, and remove it afterwards."""
    from filelock import FileLock, Timeout

    prefix = _prefix()
    _remove_leftovers(prefix)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:  # another process looks whether it is a leftover, and removes it
            continue
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _prefix() -> str:
    """Return how the names begin on this machine.

    A temporary folder may be shared over the network, where a lock may not be seen from elsewhere.
    """
    machine = hashlib.sha256(platform.node().encode()).hexdigest()
    return f"lora-harness-{machine[:8]}-"


def _remove_leftovers(prefix: str) -> None:
    """Remove the folders of killed processes: no living process holds their locks."""
    from filelock import FileLock, Timeout

    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        # A folder without a lock was made just now, or is of another kind. In a shared temporary
        # folder a link could lead into files of other people.
        if folder.is_symlink() or not (folder / _LOCK).is_file():
            continue
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)  # Windows removes no lock that is held
