"""A sweep over two workers of a local Ray on the real base: the same outputs, the same verdicts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT, Shell

pytestmark = [
    pytest.mark.real,
    pytest.mark.long,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
]

SETTINGS = """
[tool.harness.generation]
max_new_tokens = 8
[tool.harness.ray]
actors = 2
cores = 1
"""


@pytest.fixture
def few(fresh: Shell) -> Shell:
    """Four cases of the shipped benchmark."""
    source, target = ROOT / "benchmarks" / "outreach", fresh.folder / "few" / "outreach"
    target.mkdir(parents=True)
    (target / "benchmark.toml").write_bytes((source / "benchmark.toml").read_bytes())
    cases = (source / "cases.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (target / "cases.jsonl").write_text("".join(cases[:4]), encoding="utf-8")
    file = fresh.folder / "pyproject.toml"
    file.write_text(file.read_text().replace(f"{ROOT}/benchmarks", "few") + SETTINGS)
    return fresh


def swept(shell: Shell, engine: str) -> Any:
    asked = ("adapter_v3", "adapter_v4", "--against", "adapter_v2", "--no-baselines")
    where = ("--engine", engine, "--store", f"sqlite:///{engine}.db", "--json")
    done = shell("harness.cli", "sweep", *asked, *where)
    assert done.stderr == ""
    return plain(json.loads(done.stdout))


def plain(value: Any) -> Any:
    """Without the names of runs, which hold the time."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "runs"}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def kept(store: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(store)) as opened:
        texts = opened.execute("select key, text from outputs").fetchall()
        return {*texts, *opened.execute("select key, cast(nll as text) from likelihoods")}


def test_outputs_and_verdicts_are_those_of_one_process(few: Shell) -> None:
    assert swept(few, "ray") == swept(few, "transformers")
    outputs = kept(few.folder / "ray.db")
    assert outputs == kept(few.folder / "transformers.db")
    assert len(outputs) > 3 * 4  # three adapters, four cases, and what their ideals weigh
