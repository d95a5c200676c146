"""`lora-harness` alone says where somebody stands, and never fails for want of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject


def test_in_a_project_it_says_what_is_promoted_and_what_is_next(
    project: TinyProject, typed: Type
) -> None:
    found = typed()
    assert found.code == 0
    assert "openers: good is promoted since 2026-01-01" in found.out
    assert "pytest --model bad" in found.out
    assert "all commands: lora-harness --help" in found.out
    assert found.err == ""


@pytest.mark.slow
def test_what_is_next_follows_what_was_done(project: TinyProject, typed: Type) -> None:
    assert typed("evaluate", "same").code == 0
    words = ["promote", "same", "--task", "openers"]
    assert f"lora-harness {' '.join(words)}" in typed().out
    assert typed(*words, "--by", "Ana", "--why", "as good").code == 0
    assert "openers: same is promoted" in typed().out


def test_outside_of_a_project_it_says_how_to_begin(
    typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = typed()
    assert found.code == 0
    assert "lora-harness init DIR" in found.out
    assert typed("--json").json["project"] is None


def test_json_has_the_next_step(project: TinyProject, typed: Type) -> None:
    said = typed("--json").json
    assert said["next"][0]["command"] == "pytest --model bad"
    assert said["tasks"][0]["promoted"] == "good"


def test_json_before_a_command_is_put_right(project: TinyProject, typed: Type) -> None:
    found = typed("--json", "status")
    assert found.code == 4
    assert found.json == {"error": "--json goes behind the command: lora-harness status --json"}


def test_settings_that_are_wrong_are_one_line(project: TinyProject, typed: Type) -> None:
    project.write("pyproject.toml", "[tool.harness]\nbasis = 1\n")
    found = typed()
    assert found.code == 4
    assert "`base` is missing" in found.line
