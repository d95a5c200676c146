"""Two adapters are put side by side from Python as `lora-harness compare` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import harness
from harness.cli.command import cli
from tests.fakes.project import CASES, TinyProject
from tests.fakes.refusals import refused


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = TinyProject(tmp_path / "project")
    made.record("good", quality="good")
    made.record("bad", quality="bad")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.medium
def test_python_and_the_command_say_the_same(project: TinyProject) -> None:
    both = harness.compare("good", "bad")
    said = CliRunner().invoke(cli, ["compare", "good", "bad", "--json"])
    assert json.loads(said.stdout) == json.loads(json.dumps(both.to_dict()))
    frame = both.to_frame()
    assert list(frame["case"]) == [case["id"] for case in CASES]
    assert (frame["edit_similarity change"] < 0).all()


def test_unknown_names_are_refused(project: TinyProject) -> None:
    with refused("no such benchmark"):
        harness.compare("good", "bad", benchmark="opener")
