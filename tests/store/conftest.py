"""Stores of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.store import Store

Open = Callable[[], Store]
URL = "sqlite:///deep/harness.db"


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Open]:
    """The same store as often as it is asked for, as by one process after the other."""
    opened: list[Store] = []

    def open_it() -> Store:
        opened.append(Store(URL, tmp_path))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    return open_store()
