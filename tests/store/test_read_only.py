"""A store that cannot be written is read all the same; what would be kept is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.errors import StoreFailed
from harness.store import Store
from tests.fakes.read_only import read_only
from tests.fakes.refusals import refused
from tests.store.records import make_run

URL = "sqlite:///harness.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a store that holds the run `r1`, closed again."""
    made = tmp_path / "a store's #1? 100 %"
    made.mkdir()
    with closing(Store(URL, made)) as store:
        store.runs.keep(make_run(), "k")
    return made


@pytest.fixture
def mounted(folder: Path) -> Iterator[Path]:
    with read_only(folder):
        yield folder


def test_a_store_on_a_read_only_mount_is_read(mounted: Path) -> None:
    with closing(Store(URL, mounted)) as store:
        assert store.database.is_read_only
        assert store.runs.ids() == ["r1"]
        with store.database.at_once():
            assert store.runs.by_id("r1") is not None
        assert store.runs.changed() == []
    assert [file.name for file in mounted.iterdir()] == ["harness.db"]


def test_a_store_that_can_be_written_is_opened_for_writing(folder: Path) -> None:
    with closing(Store(URL, folder)) as store:
        assert not store.database.is_read_only


def test_writing_into_it_is_refused_in_one_line(mounted: Path) -> None:
    with closing(Store(URL, mounted)) as store:
        with refused("harness.db can only be read here: .* another store", StoreFailed, code=11):
            store.runs.keep(make_run("r2"), "l")
        assert store.runs.ids() == ["r1"]


def test_what_a_running_writer_has_not_yet_moved_into_the_file_is_read(folder: Path) -> None:
    with closing(Store(URL, folder)) as writer:
        writer.runs.keep(make_run("r2"), "l")
        assert (folder / "harness.db-wal").stat().st_size
        with read_only(folder), closing(Store(URL, folder)) as store:
            assert store.runs.ids() == ["r1", "r2"]


def test_a_writer_that_comes_and_goes_elsewhere_is_noticed(tmp_path: Path, folder: Path) -> None:
    """The file is written at another place while it cannot be written at this one."""
    view = tmp_path / "view"
    view.mkdir()
    (view / "harness.db").hardlink_to(folder / "harness.db")
    with read_only(view), closing(Store(URL, view)) as store:
        assert store.runs.ids() == ["r1"]
        again = "was written while it was read; run the same command again"
        (folder / "harness.db").chmod(0o644)  # there it can be written
        writer = Store(URL, folder)
        with refused(again, StoreFailed, code=11), store.database.read(), closing(writer):
            writer.runs.keep(make_run("r2"), "l")
        assert store.runs.ids() == ["r1", "r2"]


def by_hand(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "harness.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_an_older_store_says_that_it_cannot_be_brought_up_to_date(folder: Path) -> None:
    by_hand(folder, "UPDATE alembic_version SET version_num = '0004'")
    line = r"older version \(0004\) and cannot be brought up to date.* once where it can$"
    with read_only(folder), refused(line, StoreFailed, code=11):
        Store(URL, folder)


def test_a_newer_store_is_refused_as_everywhere(folder: Path) -> None:
    by_hand(folder, "UPDATE alembic_version SET version_num = '9999'")
    with read_only(folder), refused(r"newer version \(9999\), upgrade", StoreFailed, code=11):
        Store(URL, folder)


def test_a_file_without_tables_holds_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place/harness.db").touch()
    with read_only(tmp_path / "place"), refused("has no tables yet", StoreFailed, code=11):
        Store(URL, tmp_path / "place")


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    with read_only(tmp_path / "place"), refused("unable to open", StoreFailed, code=11):
        Store(URL, tmp_path / "place")


def test_a_wal_whose_index_was_lost_is_said(folder: Path) -> None:
    with closing(Store(URL, folder)) as writer:
        writer.runs.keep(make_run("r2"), "l")
        wal = (folder / "harness.db-wal").read_bytes()
    (folder / "harness.db-wal").write_bytes(wal)
    with read_only(folder), refused("harness.db failed", StoreFailed, code=11):
        Store(URL, folder)
