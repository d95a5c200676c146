"""A store on PostgreSQL keeps every letter, or says at once that its database cannot.

Held here: harness/store/database.py and harness/store/connect.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import RequestError, StoreFailed
from harness.records import Output
from harness.store import Store
from tests.fakes.postgresql import PostgreSQL, opened
from tests.fakes.refusals import refused

pytestmark = pytest.mark.slow

LETTERS = "ü Ω 日本 👍"


def kept(store: Store) -> str:
    """Keep the letters in a store, and return what comes back."""
    store.outputs.keep_texts({"k": Output("a", LETTERS)}, "now")
    return store.outputs.texts({"k": ("a", 0)})["k"].text


@pytest.fixture
def role_in_latin1(postgresql_server: PostgreSQL) -> Iterator[None]:
    """The role asks for Latin-1 wherever it connects, until the test ends."""
    postgresql_server.by_hand("ALTER ROLE CURRENT_USER SET client_encoding TO 'LATIN1'")
    yield
    postgresql_server.by_hand("ALTER ROLE CURRENT_USER RESET client_encoding")


@pytest.mark.usefixtures("role_in_latin1")
def test_a_role_of_another_encoding_makes_no_difference(postgresql_server: PostgreSQL) -> None:
    with opened(postgresql_server.fresh()) as store:
        assert kept(store) == LETTERS


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1252", "EUC_JP"])
def test_a_database_that_cannot_hold_every_letter_is_refused_at_its_first_opening(
    encoding: str, postgresql_server: PostgreSQL
) -> None:
    url = postgresql_server.encoded(encoding)
    with refused(f"is a database in {encoding}, which cannot hold every letter", RequestError, 4):
        Store(url, Path())
    assert postgresql_server.by_hand("SELECT 1 FROM pg_tables WHERE schemaname='public'", url) == []


def test_a_database_without_an_encoding_holds_every_letter(postgresql_server: PostgreSQL) -> None:
    with opened(postgresql_server.encoded("SQL_ASCII")) as store:
        assert kept(store) == LETTERS


def test_an_old_store_that_cannot_hold_a_letter_names_the_way_out(
    postgresql_server: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.store.database._refuse_encoding", lambda *_: None)
    with (
        opened(postgresql_server.encoded("LATIN1")) as store,
        refused("a database in UTF8 holds every letter: name one", StoreFailed, 11),
    ):
        kept(store)
