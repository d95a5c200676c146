"""The planted project, made once and copied for each test; and the command, typed in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import typed  # noqa: F401 - the fixture that types a command
from tests.fakes.project import TinyProject
from tests.leaks.planted import plant

Copy = Callable[[Path], TinyProject]


@pytest.fixture(scope="session")
def _planted(tmp_path_factory: pytest.TempPathFactory) -> TinyProject:
    """`good` is promoted, `leaky` was judged and rejected, reviews raise the alarm."""
    import harness

    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(folder / "cache"))
        made = TinyProject(folder / "project")
        plant(made)
        made.promote("good")
        harness.evaluate("leaky", project=made.folder)
    return made


@pytest.fixture
def copied(_planted: TinyProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Copy:
    """`copied(folder)` is the planted project in another folder."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))

    def copy(folder: Path) -> TinyProject:
        shutil.copytree(_planted.folder, folder, dirs_exist_ok=True)
        made = TinyProject.__new__(TinyProject)
        made.folder, made.base = folder, _planted.base
        return made

    return copy


@pytest.fixture
def planted(copied: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TinyProject:
    """A copy that a test may write to, and the working directory."""
    made = copied(tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made
