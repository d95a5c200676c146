"""The base of a pull request sets the bar; what the head changes of it is said, and not used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import harness
from harness.errors import HarnessError, RequestError
from harness.flows.committed_history import write_history
from harness.flows.evaluation.base_ref import at_base
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.store import open_store
from harness.records import Verdict
from tests.fakes.project import (
    BENCHMARK,
    CASES,
    GUARD_BENCHMARK,
    GUARD_CASES,
    SETTINGS,
    TinyProject,
)
from tests.fakes.refusals import refused
from tests.workspace.project.test_git_tree import git

TOML = "benchmarks/openers/benchmark.toml"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> TinyProject:
    """Made once and left alone: `good` is promoted at `base`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("template")
        made = TinyProject(folder / "project")
        made.settings('history = "reports/history.jsonl"\n')
        for name, quality in (("good", "good"), ("same", "same"), ("bad", "bad")):
            made.record(name, quality=quality)  # type: ignore[arg-type]
        made.promote("good")
        patch.chdir(made.folder)
        from click.testing import CliRunner

        from harness.cli.command import cli

        assert CliRunner().invoke(cli, ["status"]).exit_code == 0
    made.write(".gitignore", "reports/*\n!reports/history.jsonl\n")
    git(folder, "init", "-q", str(made.folder))
    git(made.folder, "add", "-A")
    git(made.folder, "commit", "-qm", "base")
    git(made.folder, "tag", "base")
    return made


@pytest.fixture
def project(template: TinyProject, tmp_path: Path) -> TinyProject:
    """A fresh clone: the store is not in git."""
    shutil.copytree(template.folder, tmp_path / "project")
    for file in (tmp_path / "project/reports").glob("harness.db*"):
        file.unlink()
    made = TinyProject.__new__(TinyProject)
    made.folder, made.base = tmp_path / "project", template.base
    return made


def judged(project: TinyProject, adapter: str = "bad", ref: str = "base") -> Verdict:
    found = harness.evaluate(adapter, project=project.folder, base_ref=ref, baselines=False)
    return found["openers"]


def same_as_at_base(project: TinyProject, said: str) -> None:
    """Judged as if nothing had changed, and what changed is said."""
    found = judged(project)
    assert (found.outcome, found.promoted) == ("reject", "good")
    assert found.bar_commit == git(project.folder, "rev-parse", "base")
    assert any(said in one for one in found.bar_differs), found.bar_differs


@pytest.mark.slow
def test_where_nothing_differs_nothing_is_said(project: TinyProject) -> None:
    found = judged(project, "same")
    assert (found.outcome, found.promoted, found.bar_differs) == ("promote", "good", ())


def margin(project: TinyProject) -> None:
    project.write(TOML, BENCHMARK.replace("margin = 0.08", "margin = 0.99"))


def policy(project: TinyProject) -> None:
    project.write(TOML, BENCHMARK + "\n[policy]\nmin_cases = 8\n")


def cases(project: TinyProject) -> None:
    project.benchmark("openers", BENCHMARK, [{**CASES[0], "ideal": "Dear Sir"}, *CASES[1:-1]])


def removed(project: TinyProject) -> None:
    shutil.rmtree(project.folder / "benchmarks/openers")


def added(project: TinyProject) -> None:
    project.benchmark("more", GUARD_BENCHMARK.replace("manners", "more"), GUARD_CASES)


def unreadable(project: TinyProject) -> None:
    project.write(TOML, "name = ")


def settings(project: TinyProject) -> None:
    shutil.copytree(project.folder / "recorded", project.folder / "forged")
    shutil.copytree(
        project.folder / "recorded/good", project.folder / "forged/bad", dirs_exist_ok=True
    )
    text = SETTINGS.replace('"recorded"', '"recorded:forged"')
    project.write("pyproject.toml", text + "[tool.harness.generation]\nseed = 3\n")


def history(project: TinyProject) -> None:
    (project.folder / "reports/history.jsonl").unlink()


def pointer(project: TinyProject) -> None:
    (project.folder / "adapters/promoted.json").unlink()
    history(project)


def conftest(project: TinyProject) -> None:
    project.write("conftest.py", "")
    git(project.folder, "add", "conftest.py")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (margin, "metric ideal_likelihood: gate at a margin of 0.08 there, gate at a margin of"),
        (policy, "benchmark openers: policy min_cases: 5 there, 8 here"),
        (cases, "1 case removed (health-4); 1 case changed (logistics-1)"),
        (removed, "benchmark openers is removed here"),
        (added, "benchmark more is new here"),
        (unreadable, "benchmark openers: cannot be read here"),
        (settings, "pyproject.toml [tool.harness] differs in engine, generation.seed, history"),
        (history, "reports/history.jsonl: 0 lines only here, 1 only there"),
        (pointer, "promoted.json: good for openers there, nothing here"),
        (conftest, "conftest.py differs, and pytest reads it"),
    ],
)
def test_a_pull_request_does_not_set_its_own_bar(
    project: TinyProject, change: Callable[[TinyProject], None], said: str
) -> None:
    change(project)
    same_as_at_base(project, said)


@pytest.mark.medium
def test_a_promotion_in_the_pull_request_is_said_and_not_believed(project: TinyProject) -> None:
    text = (project.folder / "adapters/promoted.json").read_text(encoding="utf-8")
    found = json.loads(text)
    found["tasks"]["openers"]["adapter"] = "bad"
    project.write("adapters/promoted.json", json.dumps(found))
    same_as_at_base(project, "promoted.json: good for openers there, bad here")


@pytest.mark.slow
def test_a_store_that_comes_along_is_not_opened(project: TinyProject) -> None:
    project.write("reports/harness.db", "no database")
    assert judged(project).outcome == "reject"
    assert (project.folder / "reports/harness.db").read_text(encoding="utf-8") == "no database"


@pytest.mark.long
def test_the_adapter_is_the_heads(project: TinyProject) -> None:
    project.record("new", quality="good")
    assert judged(project, "new").outcome == "promote"
    project.record("new", quality="bad")
    assert judged(project, "new").outcome == "reject"


@pytest.mark.long
def test_a_project_below_the_top_of_its_repository(project: TinyProject, tmp_path: Path) -> None:
    inner = tmp_path / "whole/inner"
    shutil.copytree(project.folder, inner, ignore=shutil.ignore_patterns(".git"))
    git(tmp_path, "init", "-q", "whole")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "base")
    git(inner, "tag", "base")
    project.folder = inner
    margin(project)
    same_as_at_base(project, "gate at a margin of 0.99 here")


@pytest.mark.slow
def test_reports_go_to_the_working_folder(project: TinyProject, tmp_path: Path) -> None:
    found = at_base(project.project, "base", tmp_path / "bar")
    assert found.settings.reports == project.folder / "reports"
    assert found.settings.adapters == project.folder / "adapters"
    assert found.settings.benchmarks == tmp_path / "bar/benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite:////srv/harness.db", "postgresql://db/harness"])
def test_a_store_elsewhere_is_the_teams_own(project: TinyProject, tmp_path: Path, url: str) -> None:
    project.settings(f'store = "{url}"\n')
    git(project.folder, "commit", "-qam", "store")
    assert at_base(project.project, "HEAD", tmp_path / "bar").settings.store == url


# --- the runs of the commit's history ----------------------------------------------------------


@pytest.fixture
def undecided(project: TinyProject) -> TinyProject:
    """The committed history holds a run of `same`, on which no decision rests."""
    harness.evaluate("same", project=project.folder, baselines=False)
    with closing(open_store(project.project)) as store:
        write_history(project.project, store)
    git(project.folder, "commit", "-qam", "judged")
    for file in (project.folder / "reports").glob("harness.db*"):
        file.unlink()
    return project


@pytest.mark.long
@pytest.mark.parametrize(
    ("ref", "store", "believed"),
    [
        ("HEAD", None, True),
        (None, None, False),  # a pull request can write its own
        ("HEAD", "sqlite:///reports/other.db", False),  # who knows what it has imported
    ],
)
def test_a_run_of_the_base_commits_history_is_believed(
    undecided: TinyProject, ref: str | None, store: str | None, believed: bool
) -> None:
    request = Request(store=store, base_ref=ref, baselines=False)
    with open_session(undecided.project, request, lambda *_: None) as session:
        run = session.candidate("same").evaluate(session.benchmark("openers")).run
        assert session.store.runs.is_imported(run.id) is believed


# --- what is refused ---------------------------------------------------------------------------


def test_a_commit_without_a_project_cannot_set_the_bar(project: TinyProject) -> None:
    git(project.folder, "checkout", "-q", "--orphan", "empty")
    git(project.folder, "rm", "-rq", "--cached", ".")
    git(project.folder, "commit", "-qm", "empty", "--allow-empty")
    with refused("at empty: there is no pyproject.toml that could set the bar", RequestError):
        judged(project, ref="empty")


@pytest.mark.medium
def test_a_commit_whose_own_bar_is_wrong_is_named(project: TinyProject) -> None:
    unreadable(project)
    git(project.folder, "commit", "-qam", "wrong")
    project.write(TOML, BENCHMARK)
    with pytest.raises(HarnessError) as caught:
        judged(project, ref="HEAD")
    assert str(caught.value).startswith("at HEAD: benchmarks/openers/benchmark.toml:1")


@pytest.mark.medium
def test_a_commit_whose_history_is_missing_is_refused_as_ever(project: TinyProject) -> None:
    history(project)
    git(project.folder, "commit", "-qam", "lost")
    with pytest.raises(HarnessError, match=r"promoted\.json names good, the store does not know"):
        judged(project, ref="HEAD")
