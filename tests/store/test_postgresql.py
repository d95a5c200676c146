"""The team's store on a real PostgreSQL keeps every promise that the one on SQLite keeps."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from harness.errors import HarnessError, RequestError, SettingsError, StoreFailed
from harness.flows.history import export_history, import_history
from harness.records import Output
from harness.store import Store, database, schema
from harness.store.decisions import broken_links
from tests.fakes.postgresql import PostgreSQL, opened
from tests.fakes.refusals import refused
from tests.store import test_claims, test_decisions, test_reviews, test_round_trips, test_seals
from tests.store.records import make_decision, make_run, make_verdict
from tests.store.test_seals import cached, full  # noqa: F401

pytestmark = pytest.mark.slow

for _module in (test_claims, test_decisions, test_reviews, test_round_trips, test_seals):
    globals().update({k: v for k, v in vars(_module).items() if k.startswith("test_")})
"""The same tests once more: this module's fixtures give them a store on PostgreSQL."""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
Open = Callable[[], Store]


@pytest.fixture
def open_store(postgresql: str, postgresql_server: PostgreSQL) -> Iterator[Open]:
    """The same store as often as it is asked for, as by one process after the other."""
    # What is done by hand says 0 and 1, as SQLite does; nothing but these tests relies on it.
    postgresql_server.by_hand(
        "UPDATE pg_cast SET castcontext = 'a'"
        " WHERE castsource = 'int4'::regtype AND casttarget = 'bool'::regtype",
        postgresql,
    )
    some: list[Store] = []

    def open_it() -> Store:
        some.append(Store(postgresql, Path()))
        return some[-1]

    yield open_it
    for store in some:
        store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    return open_store()


# --- opening ----------------------------------------------------------------------------------


def test_a_new_database_gets_its_tables_once(postgresql_server: PostgreSQL) -> None:
    url = postgresql_server.fresh()
    with opened(url) as first, opened(url) as second:
        assert (first.is_new, second.is_new) == (True, False)
        assert first.is_empty


def test_a_new_store_and_a_migrated_one_have_the_tables_that_the_code_sees(
    postgresql: str, postgresql_server: PostgreSQL
) -> None:
    migrated = postgresql_server.fresh()
    engine = create_engine(migrated)
    with engine.begin() as connection:
        database._migrate(connection)
    engine.dispose()
    for url in (postgresql, migrated):
        with opened(url) as store, store.database.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


@forks
def test_processes_that_open_a_new_store_at_once_all_get_it(postgresql_server: PostgreSQL) -> None:
    url = postgresql_server.fresh()
    assert in_processes(open_and_keep, *[(url, mine) for mine in "abcdef"]) == [0] * 6
    with opened(url) as store:
        assert sorted(store.runs.ids()) == [*"abcdef"]


def open_and_keep(url: str, mine: str) -> None:
    with opened(url) as store:
        store.runs.keep(make_run(mine, cases=1), mine)


def test_a_store_of_a_newer_version_is_refused(
    postgresql: str, postgresql_server: PostgreSQL
) -> None:
    postgresql_server.by_hand("UPDATE alembic_version SET version_num = '9999'", postgresql)
    with refused(r"written by a newer version \(9999\), upgrade", StoreFailed, code=11):
        Store(postgresql, Path())


# --- what fits into one store fits into the other ---------------------------------------------


@pytest.mark.parametrize("text", ["a\0b", "\0", "\x01", '\x01json:"x"', "\\u0000", "é\ud800"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whatever_a_model_writes_comes_back(
    kind: str, text: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = "sqlite:///s.db" if kind == "sqlite" else request.getfixturevalue("postgresql")
    store = Store(url, tmp_path)
    store.outputs.keep_texts({"k": Output("a", text)}, "now")
    assert store.outputs.texts({"k": ("a", 0)})["k"].text == text
    store.close()


def test_the_longest_names_that_are_allowed_are_kept(store: Store) -> None:
    name = f"{'c' * 64}/{'n' * 64}"
    run = make_run(f"2026-01-01T00-00-00_{'c' * 64}.{'n' * 64}", name, task="t" * 64)
    store.runs.keep(run, "k")
    assert store.runs.by_id(run.id) == run
    decision = make_decision(adapter=name, task="t" * 64, by="b" * 200, why="w" * 2000)
    assert store.decisions.add(decision).adapter == name


# --- several at once --------------------------------------------------------------------------


def in_processes(work: Callable[..., None], *arguments: tuple[object, ...]) -> list[int | None]:
    """Run each in a process of its own, all at once; their exit codes."""
    many = multiprocessing.get_context("fork")
    workers = [many.Process(target=work, args=one) for one in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [worker.exitcode for worker in workers]


def write_much(url: str, mine: str) -> None:
    with opened(url) as store:
        for number in range(5):
            key = f"{mine}-{number}"
            store.outputs.keep_texts({key: Output("c", key)}, "now")
            store.runs.keep(make_run(f"run {key}", cases=2), f"key {key}")
            store.runs.keep(make_run(f"run shared-{number}", cases=2), f"key shared-{number}")
            store.decisions.add(make_decision(adapter=key))


@forks
def test_processes_that_write_at_once_lose_nothing(postgresql: str) -> None:
    assert in_processes(write_much, *[(postgresql, mine) for mine in "abcd"]) == [0] * 4
    with opened(postgresql) as store:
        keys = [f"{mine}-{n}" for mine in ("a", "b", "c", "d", "shared") for n in range(5)]
        assert sorted(store.runs.ids()) == sorted(f"run {key}" for key in keys)
        assert store.runs.changed() == []
        ledger = store.decisions.all()
        assert len(ledger) == 20
        assert list(broken_links(ledger)) == []


def promote(url: str, mine: str) -> None:
    with opened(url) as store:
        try:
            store.decisions.add(make_decision(adapter=mine), after="")
        except RequestError as late:
            assert "the baseline moved to" in str(late)
            os._exit(late.exit_code)


@forks
def test_of_many_promotions_at_once_exactly_one_wins(postgresql: str) -> None:
    codes = in_processes(promote, *[(postgresql, mine) for mine in "abcd"])
    assert sorted(map(str, codes)) == ["0", "4", "4", "4"]
    with opened(postgresql) as store:
        (winner,) = store.decisions.all()
        assert winner.adapter == "abcd"[codes.index(0)]


def test_who_comes_second_waits_until_the_first_is_done(postgresql: str) -> None:
    with opened(postgresql) as first, opened(postgresql) as second:
        with first.database.together():
            first.decisions.add(make_decision(adapter="v1"))
            late = threading.Thread(target=second.decisions.add, args=(make_decision(),))
            late.start()
            first.decisions.add(make_decision(adapter="v2"))
        late.join()
        ledger = first.decisions.all()
    assert [d.adapter for d in ledger] == ["v1", "v2", "v1"]
    assert list(broken_links(ledger)) == []


# --- a store that goes away -------------------------------------------------------------------


def test_a_connection_that_was_cut_costs_at_most_one_line(
    store: Store, postgresql: str, postgresql_server: PostgreSQL
) -> None:
    store.runs.keep(make_run("r1"), "k1")
    assert postgresql_server.cut(postgresql) >= 1
    try:
        assert store.runs.ids() == ["r1"]
    except StoreFailed as problem:
        assert str(problem).isprintable()
    store.runs.keep(make_run("r2"), "k2")
    assert store.runs.ids() == ["r1", "r2"], "after that everything goes on"


def test_a_cut_in_the_middle_of_a_transaction_leaves_nothing_of_it(
    store: Store, postgresql: str, postgresql_server: PostgreSQL
) -> None:
    line = r"the store postgresql\+psycopg://.* failed .*; run the same command again"
    with refused(line, StoreFailed, code=11), store.database.together():
        store.decisions.add(make_decision(adapter="v1"))
        postgresql_server.cut(postgresql)
        store.decisions.add(make_decision(adapter="v2"))
    assert store.decisions.all() == []
    store.decisions.add(make_decision(adapter="v3"))
    assert [d.adapter for d in store.decisions.all()] == ["v3"]


MISSING = {
    "no socket": "postgresql+psycopg://me:secret@/store?host=/nosuch/folder",
    "a closed port": "postgresql+psycopg://me:secret@127.0.0.1:1/store",
    "a password beside the host": "postgresql+psycopg://me@/store?host=/nosuch&password=secret",
    "an option that is none": "postgresql+psycopg://me:secret@/store?host=/nosuch&colour=red",
    "a password that is percent-encoded": "postgresql+psycopg://me:%73ecret@127.0.0.1:1/store",
}


@pytest.mark.parametrize("url", MISSING.values(), ids=MISSING)
def test_a_server_that_is_not_there_is_one_line_without_the_password(url: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(HarnessError) as caught:
        Store(url, Path())
    said = str(caught.value)
    assert said.isprintable()
    assert "secret" not in said
    assert caught.value.exit_code == 11


def test_a_database_that_is_not_there_is_named(postgresql: str) -> None:
    url = make_url(postgresql).set(database="nosuch", password="secret")
    with pytest.raises(StoreFailed) as caught:
        Store(url.render_as_string(hide_password=False), Path())
    assert "nosuch" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.exit_code == 11


def test_a_driver_that_is_not_installed_is_named_with_the_one_that_is_meant(tmp_path: Path) -> None:
    with refused(r"no driver .* postgresql\+psycopg://", SettingsError):
        Store("postgresql+pg8000nosuch://me:secret@host/store", tmp_path)


# --- passwords --------------------------------------------------------------------------------


def test_a_password_is_nowhere_but_in_the_connection(
    postgresql: str, postgresql_server: PostgreSQL
) -> None:
    url = make_url(postgresql).set(password="hunter2").render_as_string(hide_password=False)
    for one in (url, f"{url}&password=hunter2", f"{url}&sslpassword=hunter2"):
        with opened(one) as store:
            assert "hunter2" not in store.database.shown
            assert "***" in store.database.shown
            with pytest.raises(HarnessError) as caught, store.database.write() as connection:
                connection.exec_driver_sql("SELECT nosuch")
            assert "hunter2" not in str(caught.value)
            run = store.runs.keep(make_run(f"r{len(one)}"), f"k{len(one)}")
            store.decisions.add(make_decision(adapter=run.adapter))
            assert not any("hunter2" in line for line in export_history(store))
    tables = "SELECT string_agg(t::text, '') FROM {} t"
    for table in schema.metadata.tables:
        ((found,),) = postgresql_server.by_hand(tables.format(table), postgresql)
        assert "hunter2" not in (found or "")


# --- history moves between stores -------------------------------------------------------------


def exported(store: Store) -> str:
    return "".join(f"{line}\n" for line in export_history(store))


def filled(store: Store) -> Store:
    for number in range(4):
        run = make_run(f"r{number}", adapter=f"acme/v{number}", cases=max(number, 1))
        store.runs.keep(run, f"k{number}")
        store.verdicts.keep(make_verdict(runs={"candidate": run.id}), run.id, "d", "now")
    store.decisions.add(make_decision(adapter="acme/v1", override=True, verdict=None))
    store.decisions.add(make_decision("accept", verdict="r2", case="case 1 ' \" é"))
    store.decisions.add(make_decision("rollback", why="\x1b[31m naïve 見出し 😀", verdict=None))
    return store


def test_there_and_back_again_gives_the_same_bytes(postgresql: str, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    first = filled(Store("sqlite:///first.db", tmp_path))
    file.write_text(exported(first), encoding="utf-8")
    before = file.read_bytes()
    with opened(postgresql) as there:
        import_history(there, file)
        assert import_history(there, file).runs == 0, "twice changes nothing"
        file.write_text(exported(there), encoding="utf-8")
        assert file.read_bytes() == before
        assert there.runs.changed() == there.verdicts.changed() == []
    back = Store("sqlite:///back.db", tmp_path)
    import_history(back, file)
    assert exported(back).encode() == before
    assert len(before.splitlines()) == 11
    assert all(json.loads(line) for line in before.splitlines())
    first.close()
    back.close()


def test_a_history_that_does_not_follow_leaves_the_team_store_as_it_was(
    postgresql: str, tmp_path: Path
) -> None:
    file = tmp_path / "history.jsonl"
    local = filled(Store("sqlite:///local.db", tmp_path))
    file.write_text(exported(local), encoding="utf-8")
    local.close()
    with opened(postgresql) as team:
        team.decisions.add(make_decision(adapter="theirs"))
        before = exported(team)
        with refused("import it into a new store", RequestError):
            import_history(team, file)
        assert exported(team) == before
