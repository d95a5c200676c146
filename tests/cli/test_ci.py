"""`lora-harness ci` as somebody types it; its steps in a job: tests/github/test_action.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.workspace.project.settings import read_settings
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject
from tests.workspace.project.test_git_tree import git

WORKFLOW = ".github/workflows/adapter-gate.yml"
PART = ".gitlab/adapter-gate.yml"


@pytest.mark.usefixtures("project")
def test_it_writes_the_workflow_and_the_same_again_changes_nothing(typed: Type) -> None:
    found = typed("ci", "init", "github")
    assert found.code == 0
    assert f"wrote   {WORKFLOW}" in found.out
    text = Path(WORKFLOW).read_text(encoding="utf-8")
    again = typed("ci", "init", "github", "--json").json
    assert (again["written"], again["kept"]) == ([], [WORKFLOW])
    assert again["files"] == {WORKFLOW: text}


@pytest.mark.usefixtures("project")
def test_a_file_that_differs_is_refused_and_force_replaces_it(typed: Type) -> None:
    Path(".github/workflows").mkdir(parents=True)
    Path(WORKFLOW).write_text("mine\n")
    found = typed("ci", "init", "github")
    assert found.code == 4
    assert f"{WORKFLOW}: is there already and differs, nothing was written" in found.line
    assert Path(WORKFLOW).read_text() == "mine\n"
    assert typed("ci", "init", "github", "--force").code == 0
    assert "ci gate" in Path(WORKFLOW).read_text()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_dry_run_shows_the_files_and_writes_none(typed: Type, kind: str) -> None:
    before = sorted(Path().rglob("*"))
    found = typed("ci", "init", kind, "--dry-run")
    assert found.code == 0 and "lora-harness ci gate" in found.out
    shown = typed("ci", "init", kind, "--dry-run", "--json").json
    assert shown["dry_run"] and shown["written"] == []
    assert sorted(Path().rglob("*")) == before


@pytest.mark.usefixtures("project")
def test_a_pipeline_that_is_there_stays_and_the_lines_for_it_are_said(typed: Type) -> None:
    assert f"wrote   {PART}" in typed("ci", "init", "gitlab").out
    assert Path(".gitlab-ci.yml").read_text() == f"include:\n  - local: {PART}\n"
    Path(".gitlab-ci.yml").write_text("stages: [test]\n")
    found = typed("ci", "init", "gitlab", "--force")
    assert "add these lines to .gitlab-ci.yml" in found.out and f"local: {PART}" in found.out
    assert Path(".gitlab-ci.yml").read_text() == "stages: [test]\n"
    Path(".gitlab-ci.yml").write_text(f"include:\n  - local: {PART}\nstages: [test]\n")
    assert "add these lines" not in typed("ci", "init", "gitlab").out


def test_what_ci_will_lack_is_said(project: TinyProject, typed: Type, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    base = f'[tool.harness]\nbase = "{(tmp_path / "elsewhere").as_posix()}"\nembedder = "none"\n'
    git(project.folder, "init", "-q")
    project.write("pyproject.toml", base)
    notes = " ".join(typed("ci", "init", "github", "--json").json["notes"])
    assert "CI cannot know what is promoted: set history" in notes
    assert "elsewhere, outside of the repository" in notes
    hub = '[tool.harness]\nbase = "acme/base"\nembedder = "none"\nhistory = "h.jsonl"\n'
    project.write("pyproject.toml", hub)
    (note,) = typed("ci", "init", "github", "--force", "--json").json["notes"]
    assert "HF_TOKEN" in note


@pytest.mark.usefixtures("project")
def test_a_kind_that_is_none_and_a_folder_without_a_project_are_one_line(
    typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "bitbucket" in typed("ci", "init", "bitbucket").line
    monkeypatch.chdir(tmp_path)
    found = typed("ci", "init", "github")
    assert found.code == 4 and "lora-harness init" in found.line


@pytest.mark.medium
def test_what_is_on_trial_is_named_one_on_a_line(project: TinyProject, typed: Type) -> None:
    git(project.folder, "init", "-q")
    git(project.folder, "add", "-A")
    git(project.folder, "commit", "-qm", "base")
    git(project.folder, "tag", "base")
    assert typed("ci", "changed", "--base-ref", "base").out == ""
    project.write("recorded/same/openers.jsonl", "\n")
    project.write("benchmarks/openers/benchmark.toml", "changed")
    git(project.folder, "commit", "-qam", "change")
    found = typed("ci", "changed", "--base-ref", "base")
    assert found.out == "same\n"
    assert "the bar is changed: benchmarks/openers/benchmark.toml" in found.err
    asked = typed("ci", "changed", "b_v1", "a_v1", "--json").json
    assert asked == {"adapters": ["a_v1", "b_v1"], "bar": [], "nothing": ""}


@pytest.mark.usefixtures("project")
def test_a_gate_of_nobody_is_refused(typed: Type) -> None:
    found = typed("ci", "gate")
    assert found.code == 4 and "no adapter is named" in found.line


@pytest.mark.slow
def test_the_gate_ends_with_the_code_of_its_verdict_and_fills_the_summary(
    project: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("LORA_HARNESS_SUMMARY", str(tmp_path / "gate.md"))
    found = typed("ci", "gate", "bad", "--arguments", "--harness-no-baselines -q", "--json")
    assert found.code == 1
    assert json.loads(found.out) == {"adapters": ["bad"], "base_ref": "", "code": 1}
    assert (tmp_path / "gate.md").read_text("utf-8").startswith("## ❌ Reject")
    dry = typed("ci", "comment", "--dry-run", "--json").json
    assert dry["body"].startswith("<!-- lora-harness gate -->\n## ❌ Reject")
    assert not dry["done"]


@pytest.mark.usefixtures("project")
def test_a_comment_without_a_job_says_so_and_is_no_failure(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "gate.md").write_text("## Promote\n")
    file = str(tmp_path / "gate.md")
    found = typed("ci", "comment", "--file", file)
    assert (found.code, found.out) == (0, "no comment: this is no job of a pull or merge request\n")
    assert "which report?" in typed("ci", "comment").line


def test_the_settings_have_the_defaults_that_the_readme_names(project: TinyProject) -> None:
    found = read_settings(project.folder).ci
    assert (found.install, found.python, found.comment) == ("", "3.11", True)


@pytest.mark.usefixtures("project")
def test_changed_files_are_checked_and_the_gravest_answer_wins(
    project: TinyProject, typed: Type
) -> None:
    project.adapter("tuned").write()
    sound, bench = "adapters/tuned/adapter_config.json", "benchmarks/openers/cases.jsonl"
    fine = typed("ci", "check", "README.md")
    assert (fine.code, fine.out) == (0, "")
    project.write_lines("adapters/datasets/new.jsonl", [{"input": "a", "output": ""}])
    found = typed("ci", "check", "adapters/datasets/new.jsonl", bench, "--only", "data")
    assert found.code == 1
    assert found.out.startswith("lora-harness data check adapters/datasets/new.jsonl\n")
    (project.folder / "adapters/tuned/adapter_model.safetensors").write_bytes(b"torn")
    found = typed("ci", "check", sound, "adapters/datasets/new.jsonl", "--json")
    doctor, data = [json.loads(line) for line in found.out.splitlines()]
    assert doctor["ok"] is False and data["fit"] is False
    assert found.code == 1, "the order of the codes is the one of all commands"
    assert typed("ci", "check", sound).code == 4
