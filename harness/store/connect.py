"""From the store's URL to an engine of SQLAlchemy: SQLite, PostgreSQL, or another package's way.

The store rests on what SQLite and PostgreSQL promise. A package may register a URL scheme in the
entry point group `harness.stores`, which says where such a database is and how to log in there
(from a vault, with a token that expires); it cannot bring another kind of database.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from harness.errors import HarnessError, SettingsError, StoreFailed, reason
from harness.registered import STORES, names, registered
from harness.store.read_only import ReadOnlyFile, can_be_written
from harness.text.encodable import is_encodable

_log = logging.getLogger(__name__)

BACKENDS = ("sqlite", "postgresql")
WAIT_SECONDS = 60
"""How long SQLite waits for another writer's lock."""
_NETWORK: dict[str, int | str] = {
    "connect_timeout": 10,
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 6,
}
"""Seconds, and a count, after which libpq gives up a server that does not answer any more."""
_POSTGRESQL = "postgresql+psycopg"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""WAL: readers do not wait for a writer. FULL: a commit survives a power cut, which WAL's usual
NORMAL does not promise."""
_TRUTH = re.compile("true|false|1|0")
_SQLITE_OPTIONS = {
    "timeout": re.compile(r"\d{1,5}(\.\d{1,3})?"),
    "uri": _TRUTH,
    "mode": re.compile("ro|rw|rwc|memory"),
    "cache": re.compile("shared|private"),
    "immutable": _TRUTH,
    "nolock": _TRUTH,
    "check_same_thread": _TRUTH,
}
"""Options of SQLite's driver and of its file URIs, and their values."""


def locate(url: str, root: Path) -> URL | Engine:
    """Return the store's URL, relative files below `root`, or the engine that a package made."""
    if not is_encodable(url):  # the driver would fail over it, and may quote the password
        raise SettingsError("the store's URL holds bytes that are no UTF-8")
    try:
        given = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        # The cause quotes parts of the URL, and so perhaps the password: it is not chained.
        raise SettingsError(
            "the store must be a URL such as sqlite:///reports/harness.db"
        ) from None
    place = given if given.get_backend_name() in BACKENDS else _from_package(given)
    if isinstance(place, Engine) or place.get_backend_name() != "sqlite":
        return place
    if place.database in (None, "", ":memory:"):
        return place
    if not str(place.database).isprintable():
        raise SettingsError("the store's file has control characters in its name, name another")
    file = root / str(place.database)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        raise StoreFailed(f"{file.parent}: cannot be made ({reason(problem)})") from problem
    return place.set(database=str(file))


def open_engine(place: URL | Engine) -> Engine:
    """Return an engine for the place; on SQLite each connection is configured for durability."""
    engine = place if isinstance(place, Engine) else _created(place)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    return engine


def open_read_only(url: URL) -> ReadOnlyFile | None:
    """Return the store's file where it can only be read; None where it can be written."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    if can_be_written(Path(str(url.database))):
        return None
    found = ReadOnlyFile(url, WAIT_SECONDS)
    event.listen(found.engine, "connect", _begin_by_hand)
    event.listen(found.engine, "begin", _begin)
    return found


def _from_package(url: URL) -> URL | Engine:
    """Ask the package that registered the URL's scheme for the store."""
    scheme = url.drivername
    offered = registered(STORES, scheme, SettingsError)
    if offered is None:
        known = ", ".join(("sqlite", "postgresql+psycopg", *names(STORES)))
        raise SettingsError(f"the store {scheme}: no such kind of store, known are {known}")
    who = f"the store {scheme} of {offered.package}"
    if not callable(offered.value):
        raise SettingsError(f"{who}: {offered.place} is no function from a URL to a URL")
    try:
        answer = offered.value(url.render_as_string(hide_password=False))
    except HarnessError:
        raise
    except Exception as problem:  # foreign code may raise anything
        kind = type(problem).__name__
        _log.debug("%s raised %s", who, kind)
        said = f"{who}: did not say where it is ({kind}: {reason(problem)})"
        raise StoreFailed(said) from problem
    return _checked(answer, who)


def _checked(answer: object, who: str) -> URL | Engine:
    """Refuse an answer that is no SQLite or PostgreSQL, without quoting it.

    It is likely to hold a password, so not even the parser's own error is chained.
    """
    try:
        place = make_url(answer) if isinstance(answer, str) else answer
    except (ArgumentError, ValueError):
        raise SettingsError(f"{who}: gave a text that is no URL") from None
    if not isinstance(place, URL | Engine):
        kind = type(answer).__name__
        raise SettingsError(f"{who}: gave a {kind}, a URL or an Engine of SQLAlchemy is needed")
    backend = place.dialect.name if isinstance(place, Engine) else place.get_backend_name()
    if backend not in BACKENDS:
        raise SettingsError(f"{who}: leads to {backend}, allowed are {' and '.join(BACKENDS)}")
    return place


def _created(url: URL) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_args": {"timeout": WAIT_SECONDS}} if sqlite else {}
    if url.drivername == _POSTGRESQL:
        # A model may write for an hour between two statements, and the server or a firewall cut the
        # idle connection meanwhile: it is tested, and replaced, before it is used again.
        ours = {name: value for name, value in _NETWORK.items() if name not in url.query}
        # A role may have another encoding of its own, in which half of the letters do not exist.
        ours["client_encoding"] = "utf8"
        options = {"pool_pre_ping": True, "connect_args": ours}
    _refuse_options(url)
    try:
        return create_engine(url, **options)
    except (ImportError, SQLAlchemyError) as problem:
        advice = ", known are sqlite and postgresql"
        if url.get_backend_name() == "postgresql":
            advice = f": {_POSTGRESQL}://... with `pip install 'lora-harness[postgres]'` is one"
        raise SettingsError(
            f"the store {url.drivername}: no driver for it ({reason(problem)}){advice}"
        ) from problem


def _refuse_options(url: URL) -> None:
    """Refuse options behind the `?` that the driver of SQLite would fail over, or pass over."""
    if url.get_backend_name() != "sqlite":
        return
    known = ", ".join(_SQLITE_OPTIONS)
    for name, given in url.query.items():
        if name not in _SQLITE_OPTIONS:
            raise SettingsError(f"the store's option {name!r}: no such option, known are {known}")
        if not isinstance(given, str) or not _SQLITE_OPTIONS[name].fullmatch(given):
            # The value is not quoted: it may be a secret in the wrong place.
            raise SettingsError(f"the store's option {name!r} has a value that is not allowed")


def _configure(connection: Any, record: Any) -> None:
    _begin_by_hand(connection, record)
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_by_hand(connection: Any, _: Any) -> None:
    # The driver would begin a transaction only at the first write, after reads that the write
    # rests on. It is switched to autocommit, and `_begin` says BEGIN itself.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once. Upgrading a read transaction later would fail with "database
    # is locked" if another process wrote in between, however long the timeout.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
