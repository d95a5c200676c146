"""A cache of the test's own, and a small base."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.adapters import TinyBase


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing that a test remembers reaches the user's cache or another test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(folder))
    return folder


@pytest.fixture
def base(tmp_path: Path) -> TinyBase:
    return TinyBase(tmp_path / "base")
