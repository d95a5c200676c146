"""`examples/plugins`, installed as it stands: its metric, engine and store judge an adapter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.project import BENCHMARK, CASES, TinyProject

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    BENCHMARK.split("[metrics.")[0]
    + """
[metrics.edit_similarity]
role = "gate"
margin = 0.1

[metrics.greets_by_name]
role = "guard"
margin = 0.1
"""
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip makes of it, in a folder of its own."""
    place = tmp_path_factory.mktemp("installed")
    words = ("install", "--quiet", "--no-deps", "--no-build-isolation", "--target", place)
    source = tmp_path_factory.mktemp("source") / "plugins"
    source.symlink_to(ROOT / "examples" / "plugins")
    pip = [sys.executable, "-m", "pip", *map(str, words), str(source)]
    done = subprocess.run(pip, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    """Its benchmark asks for the example's metric; two adapters, one of them promoted."""
    made = TinyProject(tmp_path / "project")
    made.benchmark("openers", NEEDED, CASES)
    guard = (made.folder / "benchmarks/manners/benchmark.toml").read_text()
    guard = guard.replace("ideal_likelihood", "edit_similarity")
    made.write("benchmarks/manners/benchmark.toml", guard)
    names = {case["input"].split(",")[0]: case["ideal"] for case in CASES}
    made.write("phrases.json", json.dumps(names))
    made.adapter("v1", task="openers").write()
    return made


@pytest.mark.long
def test_its_metric_engine_and_store_judge_an_adapter(
    project: TinyProject, installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    words = ("--json", "--engine", "phrasebook:phrases.json", "--store", "team://judged")
    found = subprocess.run(
        [sys.executable, "-m", "harness.cli", "evaluate", "v1", *words],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={
            **{k: v for k, v in os.environ.items() if k != "TEAM_DATABASE"},
            "PYTHONPATH": os.pathsep.join((str(installed), str(ROOT))),
            "HOME": str(tmp_path / "home"),
        },
    )
    assert found.stderr == ""
    openers, _ = map(json.loads, found.stdout.splitlines())
    figures = {one["name"]: one for one in openers["metrics"]}
    assert figures["greets_by_name"]["candidate"] == 1.0
    assert figures["edit_similarity"]["n"] == len(CASES)
    assert 0.9 < figures["edit_similarity"]["candidate"] < 1.0  # it is signed
    assert found.returncode in (0, 1, 10)
    assert (tmp_path / "home" / "judged.db").is_file()
