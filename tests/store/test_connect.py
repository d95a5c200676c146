"""A package may know the way to a store, but brings no other kind of database with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from harness.errors import SettingsError, StoreFailed
from harness.store import Store
from tests.fakes.packages import offer
from tests.fakes.refusals import refused

MODULE = """
from sqlalchemy import create_engine
from harness.errors import RequestError

def way(url):
    return {way}
"""


def opened(site: Path, root: Path, way: str, url: str = "team://openers") -> Store:
    module = MODULE.format(way=way)
    offer(site, "acme 1.2", {"harness.stores": {"team": "acme_store:way"}}, acme_store=module)
    return Store(url, root)


def pragma(store: Store) -> str:
    with store.database.read() as connection:
        return str(connection.execute(text("PRAGMA journal_mode")).scalar())


@pytest.mark.parametrize(
    "way",
    [
        "'sqlite:///' + url.partition('://')[2] + '.db'",
        "create_engine('sqlite:///{root}/openers.db')",
    ],
)
def test_it_leads_to_a_store_that_keeps_the_promises(site: Path, tmp_path: Path, way: str) -> None:
    store = opened(site, tmp_path, way.replace("{root}", str(tmp_path)))
    assert (store.is_new, store.is_empty, pragma(store)) == (True, True, "wal")
    store.close()
    assert (tmp_path / "openers.db").is_file()


@pytest.mark.parametrize(
    ("way", "line"),
    [
        ("3", "the store team of acme 1.2: gave a int, a URL or an Engine of SQLAlchemy is needed"),
        ("'no url'", "the store team of acme 1.2: gave a text that is no URL"),
        ("'mysql://me:secret@host/db'", "leads to mysql, allowed are sqlite and postgresql"),
        ("'team://again'", "leads to team, allowed are sqlite and postgresql"),
    ],
)
def test_what_is_no_way_is_one_line_without_a_secret(
    site: Path, tmp_path: Path, way: str, line: str
) -> None:
    with refused(line, SettingsError):
        opened(site, tmp_path, way)


def test_a_package_that_fails(site: Path, tmp_path: Path) -> None:
    with refused(r"did not say where it is \(ZeroDivisionError: ", StoreFailed, 11):
        opened(site, tmp_path, "1 / 0")


def test_a_kind_of_store_that_nobody_knows(site: Path, tmp_path: Path) -> None:
    offer(site, "acme 1.2", {"harness.stores": {"team": "acme_store:way"}}, acme_store="way = 3")
    known = r"known are sqlite, postgresql\+psycopg, team$"
    with refused(f"the store tema: no such kind of store, {known}", SettingsError):
        Store("tema://me:secret@host/openers", tmp_path)
    with refused("acme_store:way is no function from a URL to a URL", SettingsError):
        Store("team://openers", tmp_path)
