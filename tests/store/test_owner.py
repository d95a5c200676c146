"""Two projects with one store: each reads and writes its own rows, on SQLite and PostgreSQL."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.records import Decision
from harness.store import Store
from tests.fakes.refusals import refused


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The same address for both projects."""
    if request.param == "sqlite":
        return "sqlite:///shared.db"
    fresh: str = request.getfixturevalue("postgresql_server").fresh()
    return fresh


def decision(adapter: str) -> Decision:
    """Return a promotion for the task that both projects have."""
    return Decision("promote", "openers", adapter, adapter * 8, "Ana", "first", "2026")


def open_and_decide(url: str, root: Path, project: str) -> None:
    """Do what a process of a project does."""
    with closing(Store(url, root, project)) as store:
        store.decisions.add(decision(project))


def promoted(store: Store) -> str | None:
    """Return the adapter in production."""
    held = store.decisions.promoted("openers")
    return held.adapter if held else None


@pytest.mark.long
def test_same_names_of_tasks_are_two_tasks(url: str, tmp_path: Path) -> None:
    for _ in range(2):  # opened anew, as by the next commands
        for project in ("team-a", "team-b"):
            with closing(Store(url, tmp_path, project)) as store:
                if promoted(store) is None:
                    store.decisions.add(decision(project))
                assert promoted(store) == project
                assert [one.seq for one in store.decisions.all()] == [1], "a ledger to itself"


@pytest.mark.medium
def test_an_old_stores_rows_are_adopted_once(url: str, tmp_path: Path) -> None:
    with closing(Store(url, tmp_path)) as store:
        store.decisions.add(decision("v1"))
    for adopted in (True, False):
        with closing(Store(url, tmp_path, "team-a")) as store:
            assert (store.database.adopted, promoted(store)) == (adopted, "v1")
    with closing(Store(url, tmp_path, "team-b")) as store:
        assert (store.database.adopted, promoted(store)) == (False, None)


@pytest.mark.medium
def test_a_new_store_has_no_rows_to_adopt(url: str, tmp_path: Path) -> None:
    with closing(Store(url, tmp_path, "team-a")) as store:
        assert store.database.adopted is False and store.is_new


@pytest.mark.medium
def test_settings_without_an_id_are_refused_a_store_that_has_an_owner(
    url: str, tmp_path: Path
) -> None:
    Store(url, tmp_path, "team-a").close()
    with refused('is of project team-a: say `project = "team-a"`', RequestError):
        Store(url, tmp_path)


@pytest.mark.long
def test_of_projects_that_open_a_store_at_once_one_owns_it(url: str, tmp_path: Path) -> None:
    Store(url, tmp_path).close()
    names = [f"team-{n}" for n in range(4)]

    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=open_and_decide, args=(url, tmp_path, name)) for name in names]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for name in names:
        with closing(Store(url, tmp_path, name)) as store:
            assert [one.adapter for one in store.decisions.all()] == [name]


def files(folder: Path) -> Iterator[str]:
    """Yield the names of SQLite's files."""
    yield from sorted(file.name for file in folder.iterdir() if file.suffix not in (".db-wal",))


@pytest.mark.parametrize(
    ("name", "beside"), [("harness.db", "harness.team-b.db"), ("store", "store.team-b.db")]
)
def test_a_second_projects_file_lies_beside_the_first(
    tmp_path: Path, name: str, beside: str
) -> None:
    for project in ("team-a", "team-b"):
        Store(f"sqlite:///{name}", tmp_path, project).close()
    assert list(files(tmp_path)) == sorted([name, beside])
