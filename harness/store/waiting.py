"""Limit how long PostgreSQL is waited for, and say which session holds what is waited for.

Only while a statement waits does the server know for whom. So a thread looks after statements that
take long, through a connection of its own.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import time
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import reason

_log = logging.getLogger(__name__)

LOCK_SECONDS = 60
"""How long a statement waits for a lock, as on SQLite."""
STATEMENT_SECONDS = 600
"""How long a statement may take; one of ours takes seconds, also on a large store."""
_LOOKS_AFTER = 1.0
"""Seconds after which a statement counts as waiting, and between two looks."""
_MAX_NAME = 63
"""Bytes of a name that PostgreSQL keeps."""
_LIMITS = """
SELECT pg_backend_pid(), (
    SELECT count(set_config(name, wanted, false))
    FROM (VALUES {rows}) AS ours (name, unset, wanted)
    WHERE current_setting(name) = unset
)
"""
_HOLDERS = text("""
SELECT pid, application_name AS program, usename AS role, state,
    to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(:pid)) ORDER BY xact_start
""")


def application_name() -> str:
    """Return the name under which a database's administrator sees this process."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
    who = f", process {os.getpid()}"
    return f"lora-harness on {host}"[: _MAX_NAME - len(who)] + who


class Waits:
    """The statements of an engine that are under way, and for whom they wait."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._under_way: dict[int, tuple[int, float]] = {}
        """By thread: the session's pid on the server, and since when."""
        self._holders: dict[int, str] = {}
        """By thread: for whom its statement waited last."""
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None
        event.listen(engine, "connect", _limit)
        event.listen(engine, "before_cursor_execute", self._begun)
        event.listen(engine, "after_cursor_execute", self._done)
        event.listen(engine, "handle_error", self._failed)

    def holder(self) -> str | None:
        """Return for whom this thread's last statement waited, None where it did not."""
        return self._holders.pop(threading.get_ident(), None)

    def close(self) -> None:
        """End the thread."""
        self._closed.set()

    def _begun(self, connection: Any, *_: object) -> None:
        pid = connection.info.get("pid")  # unknown where a package's engine was in use before
        if pid is None or threading.current_thread() is self._watcher:
            return
        self._holders.pop(threading.get_ident(), None)
        self._under_way[threading.get_ident()] = (pid, time.monotonic())
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()

    def _done(self, *_: object) -> None:
        self._under_way.pop(threading.get_ident(), None)
        self._holders.pop(threading.get_ident(), None)

    def _failed(self, _: object) -> None:
        self._under_way.pop(threading.get_ident(), None)

    def _watch(self) -> None:
        while not self._closed.wait(_LOOKS_AFTER):
            now = time.monotonic()
            for thread, (pid, since) in list(self._under_way.items()):
                if now - since >= _LOOKS_AFTER:
                    self._look(thread, pid)

    def _look(self, thread: int, pid: int) -> None:
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(_HOLDERS, {"pid": pid}).all()
        except SQLAlchemyError as problem:  # the statement itself says what is wrong
            _log.debug("no word on who holds a lock (%s)", reason(problem))
            return
        if rows and self._under_way.get(thread, (None,))[0] == pid:
            before, said = self._holders.get(thread), "; ".join(map(_described, rows))
            self._holders[thread] = said
            if said != before:
                _log.warning(f"the store waits for {said}")


def _limit(connection: Any, record: Any) -> None:
    """Set limits and name of a new connection, unless its URL, role or database has set them."""
    ours = (
        ("lock_timeout", "0", f"{LOCK_SECONDS}s"),
        ("statement_timeout", "0", f"{STATEMENT_SECONDS}s"),
        ("application_name", "", application_name()),
    )
    rows = ", ".join(f"('{name}', '{unset}', '{wanted}')" for name, unset, wanted in ours)
    cursor = connection.cursor()
    cursor.execute(_LIMITS.format(rows=rows))
    record.info["pid"] = cursor.fetchone()[0]
    cursor.close()
    connection.commit()  # a setting made in a transaction ends with it


def _described(row: Any) -> str:
    """Describe a session; of other people's sessions, PostgreSQL tells some roles only a part."""
    parts = (f"pid {row.pid}", row.program or "no application name", f"role {row.role}", row.state)
    since = f"since {row.since} UTC" if row.since else None
    return ", ".join(part for part in (*parts, since) if part)
