"""One connection pool with the promises that the store rests on: durable, immediate, migrated.

SQLite runs in WAL mode with full sync, and writers take their lock before they read.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from harness.errors import SettingsError, StoreFailed, reason
from harness.store.schema import HEAD
from harness.store.schemes import way_to

_WAIT_SECONDS = 60
_CONNECT_SECONDS = 10
_POSTGRESQL = "postgresql+psycopg"
_ADVICE = {
    "file is not a database": "name another file as `store`, or move this one away",
    "unable to open database file": "name a file as `store`, in a folder that can be written",
}
"""What helps where asking again does not, by what SQLite says."""
_SECRET = ("password", "passwd", "sslpassword", "passfile", "oauth_client_secret")
"""What stands for a secret where it is written behind the `?` of a URL."""

# What the driver would print of a connection that was cut, a user reads once, from us.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class _Thread(threading.local):
    """What each thread has of its own: a page of the dashboard is drawn in a thread per visitor."""

    shared: Connection | None = None
    """The transaction that this thread works in, if it does."""
    looking: Connection | None = None
    """The connection that it reads a whole page through."""


class Database:
    """Opens the store at a URL; the first opening of a new store makes its tables."""

    def __init__(self, url: str, root: Path) -> None:
        way = way_to(_parsed(url))
        self.url = way.url if isinstance(way, Engine) else _absolute(way, root)
        self._engine = _minded(way) if isinstance(way, Engine) else _engine(self.url)
        self._thread = _Thread()
        with self._said():
            self.is_new = _bring_up_to_date(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to look things up."""
        known = self._thread.shared or self._thread.looking
        if known is not None:
            yield known
            return
        with self._said(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; all of it or nothing."""
        if self._thread.shared is not None:
            yield self._thread.shared
            return
        with self._said(), _writing(self._engine) as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """One connection for everything that this thread reads inside; what it writes is apart."""
        if self._thread.shared is not None or self._thread.looking is not None:
            yield
            return
        with self.read() as connection:
            self._thread.looking = connection
            try:
                yield
            finally:
                self._thread.looking = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for everything that this thread reads and writes inside."""
        outer = self._thread.shared
        with self.write() as connection:
            self._thread.shared = connection
            try:
                yield
            finally:
                self._thread.shared = outer

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as problem:
            why = reason(getattr(problem, "orig", None) or problem)
            advice = _ADVICE.get(why, "run the same command again")
            raise StoreFailed(f"the store {self.shown} failed ({why}); {advice}") from problem

    @property
    def engine(self) -> Engine:
        """For whoever writes more rows at once than a shelf does."""
        return self._engine

    @property
    def shown(self) -> str:
        """The URL without its password, wherever it stands in it."""
        hidden = {key: "***" for key in self.url.query if key.lower() in _SECRET}
        return self.url.update_query_dict(hidden).render_as_string(hide_password=True)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise SettingsError(
            "the store must be a URL such as sqlite:///reports/harness.db"
        ) from None


def _absolute(found: URL, root: Path) -> URL:
    if found.get_backend_name() == "sqlite" and found.database not in (None, "", ":memory:"):
        file = root / str(found.database)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as problem:
            raise StoreFailed(f"{file.parent}: cannot be made ({reason(problem)})") from None
        return found.set(database=str(file))
    return found


def _engine(url: URL) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_args": {"timeout": _WAIT_SECONDS}} if sqlite else {}
    if url.drivername == _POSTGRESQL:
        # A connection that was cut while a model wrote is replaced before it is used.
        options = {"pool_pre_ping": True}
        if "connect_timeout" not in url.query:
            options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
    try:
        return _minded(create_engine(url, **options))
    except (ImportError, SQLAlchemyError) as problem:
        advice = ", known are sqlite and postgresql"
        if url.get_backend_name() == "postgresql":
            advice = f": {_POSTGRESQL}://... with `pip install 'lora-harness[postgres]'` is one"
        raise SettingsError(
            f"the store {url.drivername}: no driver for it ({reason(problem)}){advice}"
        ) from None


def _minded(engine: Engine) -> Engine:
    """SQLite keeps its promises only where it is told to, connection by connection."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we begin ourselves, the driver would begin too late
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        yield connection


def _bring_up_to_date(engine: Engine) -> bool:
    """Migrate where needed; whether the store was new. Alembic is imported only to migrate."""
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return False
    with _writing(engine) as connection:
        version = _version(connection)  # another process may have been faster
        if version == HEAD:
            return False
        if version is not None and version > HEAD:
            raise StoreFailed(f"the store was written by a newer version ({version}), upgrade")
        _migrate(connection)
    return version is None


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    versions = sql_table("alembic_version", sql_column("version_num"))
    found = connection.execute(select(versions.c.version_num)).scalar()
    return None if found is None else str(found)


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(4711)"))
    try:
        command.upgrade(config, "head")
    except (CommandError, AssertionError) as problem:  # no migration of that name
        raise StoreFailed(f"the store cannot be brought up to date ({reason(problem)})") from None
