"""What pages read from the store, kept for as long as nothing is written to it.

The database itself tells whether anything was written, by whichever process: SQLite by the
`data_version` of a connection that never writes, PostgreSQL by the transactions that a snapshot
sees. So what is kept is never older than what a new read would give.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.pool import QueuePool

MAX_KEPT = 2_000
"""Results that are kept; more than the pages of ten tasks ask for."""

T = TypeVar("T")


class _Page(threading.local):
    """What the page that a thread makes has read so far; None outside a page."""

    found: dict[Hashable, Any] | None = None


class Memory:
    """Results of reads, all of the same state of the store."""

    def __init__(self, engine: Engine, keeps: bool) -> None:
        # Another pool, such as that of a database in memory, has no second connection to ask.
        on_file = engine.dialect.name == "sqlite" and isinstance(engine.pool, QueuePool)
        self._engine, self._on_file = engine, on_file
        self._keeps = keeps and (on_file or engine.dialect.name == "postgresql")
        self._page = _Page()
        self._lock = threading.Lock()
        self._watch: Any = None
        self._state: Hashable = None
        self._kept: dict[Hashable, Any] = {}

    @contextmanager
    def page(self, connection: Connection) -> Iterator[None]:
        """Use what is kept for the reads inside, and keep what they find."""
        if not self._keeps:
            yield
            return
        before = self._state_of(connection)
        with self._lock:
            known = self._kept if self._state == before else {}
            self._page.found = dict(known)
        try:
            yield
            self._keep(before, self._state_of(connection), self._page.found)
        finally:
            self._page.found = None

    def of(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return what `read` returns, which happens once for each key and state of the store.

        Outside a page, and for a key that cannot be hashed, it is read every time.
        """
        found = self._page.found
        if found is None:
            return read()
        try:
            known = key in found
        except TypeError:
            return read()
        if not known:
            found[key] = read()
        kept: T = found[key]
        # Lists and dictionaries are copied, since a caller may change its own.
        return copy(kept) if isinstance(kept, list | dict) else kept

    def close(self) -> None:
        """Close the connection that watches a file."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = None

    def _keep(self, before: Hashable, after: Hashable, found: dict[Hashable, Any]) -> None:
        """Keep results if nothing was written while they were read."""
        if before != after or len(found) > MAX_KEPT:
            return
        with self._lock:
            if self._state != after:
                self._state, self._kept = after, {}
            self._kept |= found

    def _state_of(self, connection: Connection) -> Hashable:
        """Return what differs from one state of the store to the next."""
        if not self._on_file:
            return connection.execute(text("SELECT CAST(txid_current_snapshot() AS text)")).scalar()
        with self._lock, suppress(self._engine.dialect.loaded_dbapi.Error):
            if self._watch is None:
                # Taken out of the pool and used without transactions: inside one it would go on
                # seeing the state in which the transaction began.
                self._watch = self._engine.raw_connection()
                self._watch.detach()
            return int(self._watch.cursor().execute("PRAGMA data_version").fetchone()[0])
        return object()  # equal to no other: the read that follows says what is wrong
