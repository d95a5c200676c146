"""A pytest inside pytest, in a small project with recorded outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import harness
import harness.plugin.session  # loaded once, pytester would load it for each inner run
import harness.progress
from tests.fakes.project import TinyProject

Gate = Callable[..., pytest.RunResult]

BROKEN = {"health-1": "Dear Sir or Madam, I hope this finds you well."}
BROKEN_NLL = {"health-1": 0.43}
"""One case of eight breaks, and hardly moves the means: nothing is shown, nothing disproved."""


@pytest.fixture(scope="session", autouse=True)
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """numpy cannot be imported twice, and pytester forgets what an inner run imported."""
    folder = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(folder / "cache"))
        TinyProject(folder).record("first", quality="good")
        harness.evaluate("first", project=folder)


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def project(pytester: pytest.Pytester) -> TinyProject:
    """`good` is promoted; `same`, `bad`, `broken` wait for their trial."""
    made = TinyProject(pytester.path)
    made.record("good", quality="good")
    made.record("same", quality="same")
    made.record("bad", quality="bad")
    made.record("broken", quality="good", texts=BROKEN, nlls=BROKEN_NLL)
    made.promote("good")
    return made


@pytest.fixture
def gate(pytester: pytest.Pytester, project: TinyProject) -> Gate:
    """`gate("--model", "same")` as somebody types it in the project's folder."""

    def typed(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess("-p", "no:hypothesispytest", *arguments)

    return typed
