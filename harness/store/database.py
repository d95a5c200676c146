"""The store's database: read and write transactions for each thread, and its migrations.

SQLite runs in WAL mode with full sync, and writers take their lock before they read.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import StoreFailed, reason
from harness.store.connect import locate, open_engine
from harness.store.schema import HEAD
from harness.store.shown import shown_url, without_secrets

MIGRATION_LOCK, LEDGER_LOCK, REVIEW_LOCK = 4711, 4712, 4713
"""Numbers of the advisory locks on PostgreSQL; other versions of this program use the same."""
_ADVICE = {
    "file is not a database": "name another file as `store`, or move this one away",
    "unable to open database file": "name a file as `store`, in a folder that can be written",
}
"""By SQLite's message, the remedy where repeating the command does not help."""

# The driver's own messages about a cut connection stay silent: the user reads ours, once.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class _Thread(threading.local):
    """Connections of a thread; the dashboard draws each visitor's page in its own thread."""

    shared: Connection | None = None
    """The transaction that `together` opened."""
    looking: Connection | None = None
    """The connection that `at_once` opened for a whole page."""


class Database:
    """The store at a URL; opening a new store creates its tables."""

    def __init__(self, url: str, root: Path) -> None:
        place = locate(url, root)
        self.url = place.url if isinstance(place, Engine) else place
        self._engine = open_engine(place)
        self._thread = _Thread()
        with self._failures_named():
            # the version of its tables before this opening; None where it is new
            self.came_from = _bring_up_to_date(self._engine)
        self.is_new = self.came_from is None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        known = self._thread.shared or self._thread.looking
        if known is not None:
            yield known
            return
        with self._failures_named(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed as a whole, or not at all.

        On SQLite it holds the write lock from its start, so that reads inside cannot get stale.
        """
        if self._thread.shared is not None:
            yield self._thread.shared
            return
        with self._failures_named(), _writing(self._engine) as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Use a single connection for all reads of this thread inside; its writes stay separate."""
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
        """Use a single transaction for all reads and writes of this thread inside; it may nest."""
        outer = self._thread.shared
        with self.write() as connection:
            self._thread.shared = connection
            try:
                yield
            finally:
                self._thread.shared = outer

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        """Turn SQLAlchemy's errors into a line that names the store and the remedy."""
        try:
            yield
        except UnicodeDecodeError as problem:  # SQLite's driver decodes what a damaged page holds
            raise StoreFailed(
                f"the store {self.shown} is damaged (texts in it are no UTF-8); put a copy in its"
                " place"
            ) from problem
        except SQLAlchemyError as problem:
            why = without_secrets(self.url, reason(getattr(problem, "orig", None) or problem))
            advice = _ADVICE.get(why, "run the same command again")
            raise StoreFailed(f"the store {self.shown} failed ({why}); {advice}") from problem

    @property
    def engine(self) -> Engine:
        """The engine, for writing more rows at once than the classes of the store do."""
        return self._engine

    @property
    def shown(self) -> str:
        """The URL without its password, be it before the host or after the `?`."""
        return shown_url(self.url)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def lock(connection: Connection, number: int) -> None:
    """Keep other processes from taking the same lock until the transaction ends."""
    # SQLite needs no more: its immediate transaction excludes every other writer already.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        yield connection


def _bring_up_to_date(engine: Engine) -> str | None:
    """Migrate an older store; return the version that it had, None of a new store."""
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return version
    with _writing(engine) as connection:
        version = _version(connection)  # again, as another process may have migrated meanwhile
        if version == HEAD:
            return version
        if version is not None and version > HEAD:
            raise StoreFailed(f"the store was written by a newer version ({version}), upgrade")
        _migrate(connection)
    return version


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    versions = sql_table("alembic_version", sql_column("version_num"))
    found = connection.execute(select(versions.c.version_num)).scalar()
    return None if found is None else str(found)


def _migrate(connection: Connection) -> None:
    # Alembic takes long to import, and a store that is up to date does not need it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    # Alembic reads the version after this lock, so of two processes the second finds no work.
    lock(connection, MIGRATION_LOCK)
    try:
        command.upgrade(config, "head")
    except (CommandError, AssertionError) as problem:  # the store's version is not among ours
        said = f"the store cannot be brought up to date ({reason(problem)})"
        raise StoreFailed(said) from problem
