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
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from harness.errors import RequestError, StoreFailed, reason
from harness.store.connect import locate, open_engine, open_read_only
from harness.store.memory import Memory
from harness.store.owner import cannot_be_claimed, claim, file_beside, owner_of, use_schema_beside
from harness.store.read_only import refuse_to_migrate
from harness.store.schema import ALEMBIC, HEAD, metadata
from harness.store.shown import shown_url, without_secrets
from harness.store.waiting import Waits

MIGRATION_LOCK, LEDGER_LOCK, REVIEW_LOCK, CLAIM_LOCK = 4711, 4712, 4713, 4714
"""Numbers of the advisory locks on PostgreSQL; other versions of this program use the same."""
_ADVICE = {
    "file is not a database": "name another file as `store`, or move this one away",
    "unable to open database file": "name a file as `store`, in a folder that can be written",
    "malformed database schema": "put a copy in its place",
    "database disk image is malformed": "put a copy in its place",
    "character with byte sequence": "a database in UTF8 holds every letter: name one, and bring the"
    " history over (`lora-harness history export`, then `import`)",
    "canceling statement due to statement timeout": "run the same command again, with a longer"
    " limit if the store is so large: ?options=-c%20statement_timeout%3D1h behind its URL",
}
"""By how the database's message begins, the remedy where repeating the command does not help."""
_NOT_ALLOWED = ("25006", "42501")
"""PostgreSQL's codes for writing on a standby server, and for writing without the right to."""

# The driver's own messages about a cut connection stay silent: the user reads ours, once.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class _Thread(threading.local):
    """Connections of a thread; the dashboard draws each visitor's page in its own thread."""

    shared: Connection | None = None
    """The transaction that `together` opened."""
    looking: Connection | None = None
    """The connection that `at_once` opened for a whole page."""


class Database:
    """The store at a URL; opening a new store creates its tables.

    `project` is the id of the project whose rows are read and written (`owner.py`).
    """

    def __init__(self, url: str, root: Path, project: str = "") -> None:
        self.given = (url, root, project)
        """With what another process opens the same store."""
        self._thread = _Thread()
        self._open(locate(url, root))
        owner, self.adopted = self._claim(project)
        if owner and not project:
            self.close()
            raise RequestError(
                f'the store {self.shown} is of project {owner}: say `project = "{owner}"` in'
                " [tool.harness] where this is that project, else another id"
            )
        if owner != project:
            self._move_beside(project)

    def _open(self, place: URL | Engine) -> None:
        self.url = place.url if isinstance(place, Engine) else place
        self._read_only = open_read_only(place) if isinstance(place, URL) else None
        self._engine = self._read_only.engine if self._read_only else open_engine(place)
        on_server = self._engine.dialect.name == "postgresql"
        self._waits = Waits(self._engine) if on_server else None
        self.memory = Memory(self._engine, keeps=self._read_only is None)
        with self._failures_named():
            # the version of its tables before this opening; None where it is new
            self.came_from = self._bring_up_to_date()
        self.is_new = self.came_from is None

    def _move_beside(self, project: str) -> None:
        """Open a project's own tables, beside those of the project that owns the store."""
        if self._engine.dialect.name == "sqlite":
            self.close()
            self._open(file_beside(self.url, project))
        else:
            with self._failures_named():
                use_schema_beside(self._engine, project)
                self.came_from = self._bring_up_to_date()
            self.is_new = self.came_from is None
        owner, self.adopted = self._claim(project)
        if owner != project:
            raise StoreFailed(f"the store {self.shown} is of project {owner}, not of {project}")

    def _claim(self, project: str) -> tuple[str, bool]:
        """Return the owner of the rows, after a project has claimed rows without an owner."""
        with self.read() as connection:
            owner = owner_of(connection)
        if owner is not None or not project:
            return owner or "", False
        if self.is_read_only:
            return project, False
        with self._failures_named():
            try:
                with _writing(self._engine) as connection:
                    lock(connection, MIGRATION_LOCK)
                    return claim(connection, project)
            except OperationalError as problem:
                if cannot_be_claimed(problem):
                    return project, False
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        known = self._thread.shared or self._thread.looking
        if known is not None:
            yield known
            return
        before = self._read_only.stamp() if self._read_only else None
        with self._failures_named(), self._engine.connect() as connection:
            yield connection
        if self._read_only and before is not None and self._read_only.stamp() != before:
            raise StoreFailed(
                f"the store {self.shown} was written while it was read; run the same command again"
            )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed as a whole, or not at all.

        On SQLite it holds the write lock from its start, so that reads inside cannot get stale.
        """
        if self._thread.shared is not None:
            yield self._thread.shared
            return
        self.refuse_read_only()
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
                with self.memory.page(connection):
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
            cause = getattr(problem, "orig", None) or problem
            why = without_secrets(self.url, reason(cause))
            repeat = "run the same command again"
            advice = next((_ADVICE[said] for said in _ADVICE if why.startswith(said)), repeat)
            if getattr(cause, "sqlstate", None) in _NOT_ALLOWED:
                advice = "run this command where the store can be written, or name another store"
            if self._waits is not None and (holder := self._waits.holder()):
                advice = f"it waited for {holder}: let that end, then {advice}"
            raise StoreFailed(f"the store {self.shown} failed ({why}); {advice}") from problem

    def _bring_up_to_date(self) -> str | None:
        """Migrate an older store; return the version that it had, None of a new store."""
        with self.read() as connection:
            version = _version(connection)
        if version == HEAD:
            return version
        if self.is_read_only and (version is None or version < HEAD):
            refuse_to_migrate(self.shown, version)
        with _writing(self._engine) as connection:
            lock(connection, MIGRATION_LOCK)
            version = _version(connection)  # again, as another process may have migrated meanwhile
            if version is None:
                _refuse_encoding(connection, self.shown)
                _create(connection)
            elif version > HEAD:
                raise StoreFailed(f"the store was written by a newer version ({version}), upgrade")
            elif version < HEAD:
                _migrate(connection)
        return version

    @property
    def engine(self) -> Engine:
        """The engine, for writing more rows at once than the classes of the store do."""
        return self._engine

    @property
    def shown(self) -> str:
        """The URL without its password, be it before the host or after the `?`."""
        return shown_url(self.url)

    @property
    def is_read_only(self) -> bool:
        """Whether the store's file can only be read, with all commands that only read."""
        return self._read_only is not None

    def refuse_read_only(self) -> None:
        """Refuse to write into a store that can only be read, before any work is done for it."""
        if self.is_read_only:
            raise StoreFailed(
                f"the store {self.shown} can only be read here: its file or folder cannot be"
                " written; run this command where it can, or name another store"
            )

    def close(self) -> None:
        """Close all connections."""
        if self._waits is not None:
            self._waits.close()
        self.memory.close()
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


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(ALEMBIC.name):
        return None
    found = connection.execute(select(ALEMBIC.c.version_num)).scalar()
    return None if found is None else str(found)


def _refuse_encoding(connection: Connection, shown: str) -> None:
    """Refuse a new store in a database that cannot hold every letter, before any work is lost."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding not in ("UTF8", "SQL_ASCII"):  # the latter keeps every byte as it comes
        raise RequestError(
            f"the store {shown} is a database in {encoding}, which cannot hold every letter: make"
            " one by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


def _create(connection: Connection) -> None:
    """Create the tables of a new store at once, as all migrations would have made them."""
    metadata.create_all(connection, checkfirst=False)
    ALEMBIC.create(connection)
    connection.execute(ALEMBIC.insert().values(version_num=HEAD))


def _migrate(connection: Connection) -> None:
    # Alembic takes long to import, and only an older store needs it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except (CommandError, AssertionError) as problem:  # the store's version is not among ours
        said = f"the store cannot be brought up to date ({reason(problem)})"
        raise StoreFailed(said) from problem
