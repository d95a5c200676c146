"""What the store knows is not made again, and then nothing heavy is loaded."""

from __future__ import annotations

import json

import pytest

from tests.fakes.project import TinyProject
from tests.plugin.conftest import Gate

SPY = """
import json, pathlib, sys

def pytest_unconfigure(config):
    pathlib.Path("loaded.json").write_text(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.long
def test_a_second_run_is_answered_from_the_store_without_heavy_imports(
    gate: Gate, project: TinyProject, pytester: pytest.Pytester
) -> None:
    assert gate("--model", "same", "-q").ret == 0
    pytester.makeconftest(SPY)
    result = pytester.runpytest_subprocess("--model", "same")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["PROMOTE  same*"])
    loaded = set(json.loads((project.folder / "loaded.json").read_text()))
    assert "sqlalchemy" in loaded
    assert not loaded & {"torch", "transformers", "peft", "alembic", "sacrebleu", "pandas"}


@pytest.mark.long
def test_a_store_of_its_own_leaves_the_settings_one_alone(gate: Gate, project: TinyProject) -> None:
    gate("--model", "same", "--harness-store", "sqlite:///other/place.db")
    assert (project.folder / "other" / "place.db").is_file()
    store = project.store()
    assert store.runs.ids() == []
    store.close()


@pytest.mark.long
def test_reports_can_lie_elsewhere(gate: Gate, project: TinyProject) -> None:
    assert gate("--model", "same", "--harness-reports", "elsewhere").ret == 0
    assert (project.folder / "elsewhere").is_dir()


@pytest.mark.long
def test_other_outputs_can_be_judged_from_another_folder(gate: Gate, project: TinyProject) -> None:
    (project.folder / "recorded").rename(project.folder / "served")
    assert gate("--model", "bad").ret == 4
    assert gate("--model", "bad", "--harness-engine", "recorded:served").ret == 1
