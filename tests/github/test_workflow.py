"""The files that `ci init` writes judge a pull or merge request, step by step as a runner would."""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.fakes.comments import CommentServer
from tests.fakes.project import BENCHMARK, TinyProject
from tests.fakes.workflow import Ended, GitHubJob, GitLabJob
from tests.workspace.project.test_git_tree import git

pytestmark = pytest.mark.slow  # each starts several processes

ROOT = Path(__file__).parents[2]
MORE = """\
history = "reports/history.jsonl"
[tool.harness.ci]
install = "true"
"""


@pytest.fixture
def server() -> Iterator[CommentServer]:
    with CommentServer() as made:
        yield made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once and left alone, in git: `good` is promoted at `base`, the workflows are there."""
    folder = tmp_path_factory.mktemp("template")
    made = TinyProject(folder / "project")
    made.settings(MORE)
    for name, quality in (("good", "good"), ("same", "same")):
        made.record(name, quality=quality)  # type: ignore[arg-type]
    made.promote("good")
    git(folder, "init", "-q", str(made.folder))
    for words in (("status",), ("ci", "init", "github"), ("ci", "init", "gitlab")):
        command(made.folder, *words)
    made.write(".gitignore", "reports/*\n!reports/history.jsonl\n.cache\nadapter-gate.xml\n")
    commit(made.folder)
    git(made.folder, "tag", "base")
    for file in (made.folder / "reports").glob("harness.db*"):
        file.unlink()
    return made.folder


@pytest.fixture
def project(template: Path, tmp_path: Path) -> TinyProject:
    shutil.copytree(template, tmp_path / "project", dirs_exist_ok=True)
    made = TinyProject.__new__(TinyProject)
    made.folder = tmp_path / "project"
    return made


def command(folder: Path, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "harness.cli", *words], cwd=folder, check=True, timeout=120,
        env={"PYTHONPATH": str(ROOT), "LORA_HARNESS_CACHE": str(folder.parent / "cache")},
        capture_output=True,
    )  # fmt: skip


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")


def on_github(project: TinyProject, server: CommentServer, token: str = "T0K3N") -> GitHubJob:
    values = {
        "github.event.pull_request.base.sha": git(project.folder, "rev-parse", "base"),
        "github.event_name": "pull_request",
        "github.token": token,
    }
    environment = {
        "PYTHONPATH": str(ROOT),
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_API_URL": server.address,
    }
    workflow = project.folder / ".github/workflows/adapter-gate.yml"
    job = project.folder.parent / "job"
    return GitHubJob(workflow, project.folder, job, values, environment)


def on_gitlab(project: TinyProject, server: CommentServer, **more: str) -> Ended:
    environment = {
        "PYTHONPATH": str(ROOT),
        "LORA_HARNESS_SUMMARY": str(project.folder.parent / "gate.md"),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(project.folder, "rev-parse", "base"),
        "CI_MERGE_REQUEST_IID": "7",
        "CI_API_V4_URL": f"{server.address}/api/v4",
        "CI_PROJECT_ID": "3",
        "GITLAB_TOKEN": "T0K3N",
    }
    part = project.folder / ".gitlab/adapter-gate.yml"
    return GitLabJob(part, project.folder, project.folder.parent / "job", environment | more).run()


@pytest.mark.long
def test_a_bad_adapter_ends_the_job_and_is_told_in_summary_and_comment(
    project: TinyProject, server: CommentServer
) -> None:
    project.record("bad", quality="bad")
    commit(project.folder)
    job = on_github(project, server)
    found = job.run()
    assert list(found) == ["install", "find the adapters", "judge", "comment"]
    assert (found["find the adapters"].out, found["judge"].code) == ("bad\n", 1)
    assert "::error file=benchmarks/openers/cases.jsonl" in found["judge"].out
    assert "Reject" in (job.folder / "summary.md").read_text(encoding="utf-8")
    (comment,) = server.comments
    assert comment["body"].startswith("<!-- lora-harness gate -->\n## ❌ Reject: <code>bad")
    # the next push to the same pull request finds the outputs again, and writes the comment over
    project.record("bad", quality="same")
    commit(project.folder)
    assert on_github(project, server).run()["judge"].code == 0
    assert len(server.comments) == 1 and "Promote: <code>bad" in server.comments[0]["body"]


def test_what_concerns_no_adapter_ends_after_the_search(
    project: TinyProject, server: CommentServer
) -> None:
    project.write("docs.md", "x")
    commit(project.folder)
    assert list(on_github(project, server).run()) == ["install", "find the adapters"]
    ended = on_gitlab(project, server)
    assert (ended.code, "neither an adapter nor the bar" in ended.err) == (0, True)


@pytest.mark.long
def test_from_a_fork_the_verdict_is_the_same_without_a_comment(
    project: TinyProject, server: CommentServer
) -> None:
    project.record("bad", quality="bad")
    commit(project.folder)
    server.refuses = 403
    found = on_github(project, server).run()
    assert (found["judge"].code, found["comment"].code) == (1, 0)
    assert "no comment: the token may not write one" in found["comment"].out
    ended = on_gitlab(project, server, GITLAB_TOKEN="")
    assert ended.code == 1
    assert "no comment: $GITLAB_TOKEN with a token is not set" in ended.out


@pytest.mark.long
def test_on_gitlab_a_bad_adapter_fails_and_is_told_as_junit_and_note(
    project: TinyProject, server: CommentServer
) -> None:
    project.record("bad", quality="bad")
    commit(project.folder)
    ended = on_gitlab(project, server)
    assert ended.code == 1, ended.out + ended.err
    assert "<failure" in (project.folder / "adapter-gate.xml").read_text(encoding="utf-8")
    (note,) = server.comments
    assert "## ❌ Reject: <code>bad" in note["body"]


def test_on_gitlab_a_change_of_the_bar_alone_is_judged_and_named(
    project: TinyProject, server: CommentServer
) -> None:
    lax = BENCHMARK.replace("margin = 0.08", "margin = 0.99")
    project.write("benchmarks/openers/benchmark.toml", lax)
    commit(project.folder)
    ended = on_gitlab(project, server)
    assert "the bar is changed: benchmarks/openers/benchmark.toml" in ended.err
    (note,) = server.comments
    said = html.unescape(note["body"])
    assert "good" in said and "gate at a margin of 0.99 here" in said


def test_on_gitlab_the_newest_commit_of_the_target_sets_the_bar_where_it_is_known(
    project: TinyProject, server: CommentServer
) -> None:
    newest = git(project.folder, "rev-parse", "base")
    ended = on_gitlab(
        project, server, CI_MERGE_REQUEST_TARGET_BRANCH_SHA=newest,
        CI_MERGE_REQUEST_DIFF_BASE_SHA="0" * 40,
    )  # fmt: skip
    assert ended.code == 0


def test_on_gitlab_files_for_the_cache_of_the_job_are_refused(
    project: TinyProject, server: CommentServer
) -> None:
    project.write(".cache/lora-harness/outputs/outputs.db", "forged")
    git(project.folder, "add", "-f", ".cache")
    commit(project.folder)
    ended = on_gitlab(project, server)
    assert ended.code == 4 and "the commit has files in .cache" in ended.out


def test_both_files_are_yaml_with_one_job_and_scripts_that_a_shell_reads(
    project: TinyProject,
) -> None:
    for name in (".github/workflows/adapter-gate.yml", ".gitlab/adapter-gate.yml"):
        read = yaml.safe_load((project.folder / name).read_text(encoding="utf-8"))
        (job,) = read.get("jobs", read).values()
        scripts = [step["run"] for step in job.get("steps", ()) if "run" in step]
        scripts += [*job.get("before_script", ()), *job.get("script", ())]
        assert scripts
        for script in scripts:
            assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
