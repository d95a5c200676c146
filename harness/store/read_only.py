"""Open a SQLite store where it cannot be written: on a read-only mount, or without permission.

SQLite must write beside a store in WAL mode to read it, unless a running writer's `-wal` and `-shm`
are there. Without a `-wal` the file alone is the whole store, and is opened as immutable.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from harness.errors import StoreFailed


def can_be_written(file: Path) -> bool:
    """Return whether a store's file and its folder can be written; a missing file is made."""
    if not file.is_file():
        return True
    place = file.resolve()
    return os.access(place, os.W_OK) and os.access(place.parent, os.W_OK)


class ReadOnlyFile:
    """A store's file that others may write, and this process may not."""

    def __init__(self, url: URL, wait: float) -> None:
        self._file = Path(str(url.database)).resolve()
        self._wal = self._file.with_name(f"{self._file.name}-wal")
        self._wait = wait
        # No pool: a writer may come and go, so each connection looks anew how it may read.
        self.engine: Engine = create_engine(url, creator=self._connect, poolclass=NullPool)

    def stamp(self) -> tuple[int, int] | None:
        """Return what tells that the file was written; None while a writer's `-wal` is there.

        With a `-wal`, SQLite itself keeps readers and writers apart.
        """
        if self._wal.exists():
            return None
        about = self._file.stat()
        return about.st_mtime_ns, about.st_size

    def _connect(self) -> sqlite3.Connection:
        how = "mode=ro" if self._wal.exists() else "immutable=1"
        uri = f"{self._file.as_uri()}?{how}"
        return sqlite3.connect(uri, uri=True, timeout=self._wait, check_same_thread=False)


def refuse_to_migrate(shown: str, version: str | None) -> None:
    """Refuse a store that would have to be changed before it can be read."""
    if version is None:
        raise StoreFailed(f"{shown}: has no tables yet, and cannot be written here")
    raise StoreFailed(
        f"{shown}: is of an older version ({version}) and cannot be brought up to date, as it"
        " cannot be written here; run `lora-harness status` once where it can"
    )
