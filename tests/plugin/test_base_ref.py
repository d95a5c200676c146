"""`--harness-base-ref`: the base of a pull request sets the bar of a pytest session."""

from __future__ import annotations

import re

import pytest

from tests.fakes.project import BENCHMARK, SETTINGS, TinyProject
from tests.plugin.conftest import Gate
from tests.workspace.project.test_git_tree import git

LAX = BENCHMARK.replace("margin = 0.08", "margin = 0.99")
BAD = ("--model", "bad", "--harness-no-baselines", "--harness-benchmark", "openers")


@pytest.fixture
def committed(project: TinyProject) -> TinyProject:
    """The project as it is at `base`, with its history and its pointer."""
    from harness.flows.committed_history import export_to
    from harness.flows.decisions.promoted_file import write_promoted_file

    store = project.store()
    export_to(project.project, store, project.folder / "reports/history.jsonl", None)
    write_promoted_file(project.project, store)
    store.close()
    (project.folder / "reports/harness.db").unlink()
    project.write(".gitignore", "reports/*\n!reports/history.jsonl\n")
    git(project.folder, "init", "-q")
    git(project.folder, "add", "-A")
    git(project.folder, "commit", "-qm", "base")
    git(project.folder, "tag", "base")
    return project


@pytest.mark.long
def test_items_bear_the_names_of_the_working_folder(committed: TinyProject, gate: Gate) -> None:
    found = gate(*BAD, "--harness-base-ref", "base", "-v")
    assert found.ret == 1
    found.stdout.fnmatch_lines(["*benchmarks/openers/cases.jsonl::gate*FAILED*"])
    assert not re.search(r"lora.harness.[0-9a-f]{8}", found.stdout.str())  # of temporary folders


@pytest.mark.long
def test_a_lower_bar_is_said_and_not_used(committed: TinyProject, gate: Gate) -> None:
    committed.write("benchmarks/openers/benchmark.toml", LAX)
    found = gate(*BAD, "--harness-base-ref", "base")
    assert found.ret == 1
    said = " ".join(found.stdout.str().split())
    assert "judged by the benchmark, policy, settings and history of commit" in said
    assert "0.08 there, gate at a margin of 0.99 here" in said


@pytest.mark.long
def test_a_case_that_the_head_dropped_is_judged(committed: TinyProject, gate: Gate) -> None:
    file = committed.folder / "benchmarks/openers/cases.jsonl"
    kept = file.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    file.write_text("".join(kept), encoding="utf-8")
    found = gate(*BAD, "--harness-base-ref", "base", "-v")
    found.stdout.fnmatch_lines(["*cases.jsonl::logistics-1*"])


@pytest.mark.medium
def test_options_in_changed_settings_are_refused(committed: TinyProject, gate: Gate) -> None:
    more = '[tool.pytest.ini_options]\naddopts = "--harness-against=bad"\n'
    committed.write("pyproject.toml", SETTINGS + more)
    found = gate(*BAD, "--harness-base-ref", "base")
    assert found.ret == 4
    found.stderr.fnmatch_lines(["*pyproject.toml differs from base, and its `addopts` has*"])


@pytest.mark.medium
@pytest.mark.parametrize(
    ("ref", "said"),
    [("nosuch", "*nosuch: is no commit, branch or tag*"), ("-x", "*is no commit, branch or tag*")],
)
def test_a_ref_that_is_none_is_refused_in_one_line(
    committed: TinyProject, gate: Gate, ref: str, said: str
) -> None:
    found = gate(*BAD, f"--harness-base-ref={ref}")
    assert found.ret == 4
    found.stderr.fnmatch_lines([said])


def test_outside_of_git_it_is_refused(project: TinyProject, gate: Gate) -> None:
    found = gate(*BAD, "--harness-base-ref", "main")
    assert found.ret == 4
    found.stderr.fnmatch_lines(["*is in no git repository*"])


@pytest.mark.medium
def test_without_the_history_the_gate_ends_with_11(committed: TinyProject, gate: Gate) -> None:
    (committed.folder / "reports/history.jsonl").unlink()
    found = gate("--model", "bad")
    assert found.ret == 11
    line = "promoted.json names good, the store does not know it: commit reports/history.jsonl"
    assert line in found.stdout.str() + found.stderr.str()


@pytest.mark.long
def test_workers_judge_by_the_same_bar(committed: TinyProject, pytester: pytest.Pytester) -> None:
    committed.write("benchmarks/openers/benchmark.toml", LAX)
    (committed.folder / "benchmarks/manners/cases.jsonl").unlink()
    found = pytester.runpytest_subprocess(
        "--model", "bad", "--harness-no-baselines", "--harness-base-ref", "base", "-n", "2"
    )
    assert found.ret == 1
    assert "Different tests were collected" not in found.stdout.str()
