"""On PostgreSQL nothing waits for ever, and what waits says for whom: pid, program, since when."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from harness.errors import StoreFailed
from harness.store import Store, waiting
from harness.store.database import LEDGER_LOCK, MIGRATION_LOCK
from tests.fakes.postgresql import PostgreSQL, opened
from tests.fakes.refusals import refused
from tests.store.records import make_decision, make_run

pytestmark = pytest.mark.slow

SINCE = r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOCK_SECONDS", 1)
    monkeypatch.setattr(waiting, "_LOOKS_AFTER", 0.2)


@contextmanager
def held(url: str, statement: str) -> Iterator[int]:
    """Hold what a statement locks, as a person does who forgot a session; yield its pid."""
    place = f"{url}&application_name=psql" if "?" in url else f"{url}?application_name=psql"
    engine = create_engine(place, poolclass=NullPool)
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        connection.execute(text(statement))
        yield pid


def settings(store: Store) -> dict[str, Any]:
    names = ("lock_timeout", "statement_timeout", "application_name")
    with store.database.read() as connection:
        return {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names}


def test_every_connection_has_limits_and_a_name(postgresql: str) -> None:
    with opened(postgresql) as store:
        found = settings(store)
        with pytest.raises(ZeroDivisionError), store.database.write() as connection:
            connection.exec_driver_sql("SELECT 1")
            raise ZeroDivisionError
        assert settings(store) == found, "a transaction that is taken back does not take them along"
    assert (found["lock_timeout"], found["statement_timeout"]) == ("1s", "10min")
    assert re.fullmatch(rf"lora-harness on .*, process {os.getpid()}", found["application_name"])
    assert len(found["application_name"]) <= 63


def test_limits_that_the_team_chose_stay(postgresql: str) -> None:
    own = "options=-c%20lock_timeout%3D7s%20-c%20statement_timeout%3D8s&application_name=ours"
    with opened(f"{postgresql}&{own}") as store:
        assert list(settings(store).values()) == ["7s", "8s", "ours"]


LOCKS = {
    "the ledger's lock": f"SELECT pg_advisory_xact_lock({LEDGER_LOCK})",
    "a whole table": "LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE",
}


@pytest.mark.parametrize("statement", LOCKS.values(), ids=LOCKS)
def test_who_holds_a_lock_is_named(
    postgresql: str, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(postgresql) as store, held(postgresql, statement) as pid:
        begun = time.monotonic()
        line = rf"lock timeout\); it waited for pid {pid}, psql, role \w+, idle in trans.*, {SINCE}"
        with refused(line, StoreFailed, code=11):
            store.decisions.add(make_decision())
        assert time.monotonic() - begun < 10
        assert f"the store waits for pid {pid}, psql" in caplog.text
    with opened(postgresql) as store:
        store.decisions.add(make_decision())


def test_a_row_that_another_command_is_writing_is_named_with_that_command(postgresql: str) -> None:
    with opened(postgresql) as first, opened(postgresql) as second, first.database.together():
        first.runs.keep(make_run(), "k")
        line = rf"it waited for pid \d+, lora-harness on .*, process {os.getpid()}, role"
        with refused(line, StoreFailed, code=11):
            second.runs.keep(make_run(), "k")


def test_a_migration_waits_no_longer_and_says_for_whom(postgresql_server: PostgreSQL) -> None:
    url = postgresql_server.fresh()
    lock = f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"
    with held(url, lock) as pid, refused(f"it waited for pid {pid}, psql", StoreFailed, code=11):
        Store(url, Path())
    with opened(url) as store:
        assert store.is_new


def test_opening_a_store_that_is_being_migrated_waits_no_longer(postgresql: str) -> None:
    lock = "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"
    line = "it waited for pid {}, psql"
    with held(postgresql, lock) as pid, refused(line.format(pid), StoreFailed, code=11):
        Store(postgresql, Path())


def test_a_short_wait_is_said_and_then_goes_on(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waiting, "LOCK_SECONDS", 30)
    lock = f"SELECT pg_advisory_xact_lock({LEDGER_LOCK})"
    with opened(postgresql) as store:
        adding = threading.Thread(target=store.decisions.add, args=(make_decision(),))
        with held(postgresql, lock) as pid:
            adding.start()
            time.sleep(1.5)
        adding.join()
        assert len(store.decisions.all()) == 1
        line = rf"^the store waits for pid {pid}, psql, .*{SINCE}$"
        said = [one.message for one in caplog.records if one.levelno == logging.WARNING]
        assert [bool(re.match(line, one)) for one in said] == [True]
        line = r"\(column .nosuch. does not exist\); run the same command"
        with refused(line, StoreFailed, 11), store.database.read() as connection:
            connection.exec_driver_sql("SELECT nosuch")


def test_a_statement_that_takes_too_long_ends(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "STATEMENT_SECONDS", 1)
    line = "statement timeout.; run .* with a longer limit"
    with opened(postgresql) as store:
        with refused(line, StoreFailed, code=11), store.database.write() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(20)")
        assert store.is_empty


def test_a_server_that_only_reads_is_read_and_says_where_to_write(postgresql: str) -> None:
    with opened(postgresql) as store:
        store.runs.keep(make_run(), "k")
    with opened(f"{postgresql}&options=-c%20default_transaction_read_only%3Don") as standby:
        assert standby.runs.ids() == ["r1"]
        line = "read-only transaction.; run this command where the store can be written"
        with refused(line, StoreFailed, code=11):
            standby.decisions.add(make_decision())
