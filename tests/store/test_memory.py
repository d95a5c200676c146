"""What pages keep of the store is never older than what a new read would give."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.store import Store
from harness.store.memory import MAX_KEPT
from tests.fakes.reviews import Weeks

Read = Callable[[], int]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str:
    """A store that two processes may open."""
    if request.param == "sqlite":
        return "sqlite:///harness.db"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def stores(url: str, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """The store as a page has it open, and as another process has."""
    with closing(Store(url, tmp_path)) as page, closing(Store(url, tmp_path)) as other:
        yield page, other


def reads(store: Store) -> tuple[Read, list[int]]:
    """A page that counts the reviews, and what it has read."""
    read: list[int] = []

    def count() -> int:
        read.append(store.reviews.count())
        return read[-1]

    def page() -> int:
        with store.database.at_once():
            return store.database.memory.of("reviews", count)

    return page, read


def more(store: Store, n: int = 1) -> None:
    weeks = Weeks(adapter=f"good_{store.reviews.count()}")
    weeks.add(n)
    weeks.keep(store)


def test_what_is_unchanged_is_read_once(stores: tuple[Store, Store]) -> None:
    page, read = reads(stores[0])
    assert [page(), page(), page()] == [0, 0, 0]
    assert len(read) == 1


def test_one_more_review_is_seen_by_whichever_process(stores: tuple[Store, Store]) -> None:
    page, read = reads(stores[0])
    for number, writer in enumerate((stores[1], stores[0], stores[1]), start=1):
        page()
        more(writer)
        assert page() == number
    assert len(read) == 4


def test_a_page_that_wrote_itself_sees_it(stores: tuple[Store, Store]) -> None:
    store, _ = stores
    page, _ = reads(store)
    assert page() == 0
    with store.database.at_once():
        more(store)
    assert page() == 1


def test_what_was_written_while_a_page_read_is_not_missed(stores: tuple[Store, Store]) -> None:
    store, other = stores
    page, _ = reads(store)
    with store.database.at_once():
        store.database.memory.of("reviews", store.reviews.count)
        more(other)
    assert page() == 1


def test_a_change_by_hand_is_seen(tmp_path: Path) -> None:
    with closing(Store("sqlite:///harness.db", tmp_path)) as store:
        more(store, 3)
        page, _ = reads(store)
        assert page() == 3
        with closing(sqlite3.connect(tmp_path / "harness.db")) as by_hand:
            by_hand.execute("DELETE FROM review_slices")
            by_hand.execute("DELETE FROM reviews WHERE seq = 2")
            by_hand.commit()
        assert page() == 2


def test_outside_a_page_everything_is_read(stores: tuple[Store, Store]) -> None:
    memory, read = stores[0].database.memory, []
    for _ in range(2):
        memory.of("key", lambda: read.append(1))
    assert len(read) == 2


def test_a_caller_may_change_its_list(stores: tuple[Store, Store]) -> None:
    database = stores[0].database
    for _ in range(2):
        with database.at_once():
            found = database.memory.of("list", lambda: [1, 2])
            found.append(3)
    assert found == [1, 2, 3]


def test_a_question_that_cannot_be_hashed_is_answered_each_time(
    stores: tuple[Store, Store],
) -> None:
    database, read = stores[0].database, []
    for _ in range(2):
        with database.at_once():
            database.memory.of(["no", "hash"], lambda: read.append(1))  # type: ignore[arg-type]
    assert len(read) == 2


def test_memory_does_not_grow_without_end(stores: tuple[Store, Store]) -> None:
    database, read = stores[0].database, []
    for _ in range(2):
        with database.at_once():
            for number in range(MAX_KEPT + 1):
                database.memory.of(number, lambda: read.append(1))
    assert len(read) == 2 * (MAX_KEPT + 1)


def test_a_store_in_memory_is_read_each_time(tmp_path: Path) -> None:
    with closing(Store("sqlite://", tmp_path)) as store:
        page, read = reads(store)
        page(), page()
        assert len(read) == 2
