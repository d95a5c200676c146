import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from harness.errors import SettingsError, StoreFailed
from harness.store import Store, connect, schema
from harness.store.database import Database
from tests.fakes.refusals import refused
from tests.store.conftest import URL
from tests.store.records import make_run

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = "harness/store/migrations"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "harness.db"


# --- opening -----------------------------------------------------------------------------------


def test_a_new_store_is_made_with_its_folder(open_store, file):
    assert open_store().is_new and file.is_file()
    assert not open_store().is_new


def test_the_shown_url_is_the_one_that_was_asked(store, file):
    assert store.database.shown == f"sqlite:///{file}"


def test_every_connection_keeps_the_promises(open_store, monkeypatch):
    monkeypatch.setattr(connect, "PRAGMAS", connect.PRAGMAS[:3])  # tests wait for no disk
    store = open_store()
    with store.database.read() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_store_in_memory_needs_no_folder(tmp_path):
    store = Store("sqlite://", tmp_path)
    store.runs.keep(make_run(), "k")
    assert store.runs.ids() == ["r1"] and list(tmp_path.iterdir()) == []
    store.close()


def test_a_transaction_that_fails_leaves_nothing(store):
    with pytest.raises(RuntimeError, match="stop"), store.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO likelihoods (key, nll) VALUES ('a', 1)")
        raise RuntimeError("stop")
    assert store.outputs.likelihoods(["a"]) == {}


# --- migrations --------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_that_the_code_sees(store):
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_code_knows_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(ROOT / MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def imports_of(code, folder):
    """What another process has imported after it ran this."""
    code = f"{code}\nimport sys; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in said.stdout.split()}


OPEN = f"""
import sys, pathlib
from harness.store import Store
Store({URL!r}, pathlib.Path(sys.argv[1])).close()
"""


def made_by_migrations(file, revision="head"):
    """Make a store as a version of this program left it that had only the first migrations."""
    file.parent.mkdir(exist_ok=True)
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(ROOT / MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def tables(file):
    with sqlite3.connect(file) as connection:
        found = [" ".join((sql or "").split()) for (sql,) in connection.execute(DDL)]
    connection.close()
    return sorted(found)


DDL = "SELECT sql FROM sqlite_master"


def test_a_new_store_is_as_all_migrations_would_have_made_it(open_store, file, tmp_path):
    open_store().close()
    made_by_migrations(tmp_path / "other" / "harness.db")
    assert tables(file) == tables(tmp_path / "other" / "harness.db")


@pytest.mark.long
def test_alembic_is_imported_only_for_an_older_store(tmp_path, file):
    assert "alembic" not in imports_of(OPEN, tmp_path)
    assert "alembic" not in imports_of(OPEN, tmp_path)
    file.unlink()
    made_by_migrations(file, "0005")
    assert "alembic" in imports_of(OPEN, tmp_path)
    assert "alembic" not in imports_of(OPEN, tmp_path)


def by_hand(file, *statements):
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(open_store, file):
    open_store().close()
    by_hand(file, "UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    with refused(r"written by a newer version \(9999\), upgrade", StoreFailed, code=11):
        open_store()
    assert file.read_bytes() == before


@pytest.mark.parametrize("version", ["0000", "", "0001 or so"])
def test_a_store_of_no_version_that_ever_was_is_refused(open_store, file, version):
    open_store().close()
    by_hand(file, f"UPDATE alembic_version SET version_num = '{version}'")
    with refused("the store (cannot be brought up to date|was written by)", StoreFailed, code=11):
        open_store()


# --- what is no store ----------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_refused_and_left_alone(open_store, file):
    file.parent.mkdir()
    file.write_bytes(b"once upon a time " * 100)
    with refused("harness.db failed .*not a database", StoreFailed, code=11):
        open_store()
    assert file.read_bytes() == b"once upon a time " * 100


def test_a_store_cut_in_half_is_refused_in_one_line(open_store, file):
    open_store().close()
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) // 2 // 4096 * 4096 + 100])
    with refused("harness.db failed", StoreFailed, code=11):
        store = open_store()
        store.runs.keep(make_run(), "k")
        store.runs.ids()


def test_a_folder_in_its_place_is_refused(open_store, file):
    file.mkdir(parents=True)
    with refused("harness.db failed .*unable to open", StoreFailed, code=11):
        open_store()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "deep").write_text("")
    with refused("deep: cannot be made", StoreFailed, code=11):
        Store(URL, tmp_path)


def test_a_store_that_somebody_holds_is_waited_for_and_then_refused(open_store, file, monkeypatch):
    open_store().close()
    monkeypatch.setattr(connect, "WAIT_SECONDS", 0.05)
    store = open_store()
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with refused("failed .database is locked.; run the same command again", StoreFailed, code=11):
        store.outputs.keep_likelihoods({"a": 1.0})
    assert store.outputs.likelihoods(["a"]) == {}, "who only reads is not kept waiting"
    holder.execute("COMMIT")
    holder.close()
    store.outputs.keep_likelihoods({"a": 1.0})
    assert store.outputs.likelihoods(["a"]) == {"a": 1.0}, "once it is back, all goes on"


def test_a_store_that_went_away_is_one_line(store, file):
    store.close()
    for left in file.parent.glob("harness.db*"):
        left.unlink()
    with refused("failed .*no such table", StoreFailed, code=11):
        store.runs.ids()


# --- URLs --------------------------------------------------------------------------------------

URLS = {
    "no URL": "reports/secret.db",
    "nothing": "",
    "an unknown database": "oracle9://me:secret@host/db",
    "no driver": "postgresql+nodriver://me:secret@host/db",
    "a port that is none": "postgresql://me:secret@host:port/db",
    "a driver that is not installed": "mysql+aiomysql://me:secret@host/db",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_wrong_url_is_refused_without_its_password(tmp_path, url):
    with pytest.raises(SettingsError) as caught:
        Store(url, tmp_path)
    said = str(caught.value)
    assert "secret" not in said and said.isprintable() and caught.value.exit_code == 4


def test_a_store_that_does_not_answer_is_named_without_its_password(tmp_path, monkeypatch):
    def no_answer(*_):
        raise OperationalError("SELECT 1", {}, Exception("no route to host\nat all"))

    monkeypatch.setattr(Database, "_bring_up_to_date", no_answer)
    line = r"^the store postgresql://me:\*\*\*@host/db failed \(no route to host\); run"
    with refused(line, StoreFailed, code=11):
        Database("postgresql://me:secret@host/db", tmp_path)
