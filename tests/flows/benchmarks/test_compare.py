"""Two versions of a benchmark, wherever they are."""

from __future__ import annotations

import shutil

import pytest

import harness
from harness.errors import BenchmarkError
from harness.flows.benchmarks.compare import diff
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject


def test_a_benchmark_equals_itself(project):
    found = diff(project.project, TASK, f"{project.folder}/benchmarks/{TASK}/")
    assert found.same


def test_an_older_folder_may_have_any_name(project):
    old = shutil.copytree(project.folder / "benchmarks" / TASK, project.folder / "Old One")
    project.benchmark(TASK, BENCHMARK.replace("First", "Second"), CASES[1:])
    found = diff(project.project, str(old), TASK)
    assert [case.id for case in found.removed] == [CASES[0]["id"]]
    assert [one.field for one in found.settings] == ["description"]
    assert not found.same


@pytest.mark.slow
def test_a_version_that_only_runs_remember_is_compared_case_by_case(project: TinyProject):
    project.record("a")
    harness.evaluate("a", benchmarks=[TASK], project=project.folder)
    before = project.project.benchmark(TASK).fingerprint
    assert diff(project.project, f"{TASK}@{before[:6]}", TASK).same
    project.benchmark(TASK, BENCHMARK, [CASES[0] | {"ideal": "another"}, *CASES[1:]])
    found = diff(project.project, f"{TASK}@{before[:6]}", TASK)
    assert [(one.case, [f.field for f in one.fields]) for one in found.changed] == [
        (CASES[0]["id"], ["ideal"])
    ]
    assert found.old_fingerprint == before
    assert not found.whole


@pytest.mark.slow
def test_a_prompt_that_changed_is_seen_even_where_only_runs_remember_it(project: TinyProject):
    project.record("a")
    harness.evaluate("a", benchmarks=[TASK], project=project.folder)
    before = project.project.benchmark(TASK).fingerprint
    project.benchmark(TASK, BENCHMARK.replace("Write:", "Say:"), CASES)
    found = diff(project.project, f"{TASK}@{before}", TASK)
    assert not (found.changed or found.settings)
    assert not found.same


@pytest.mark.slow
def test_an_unknown_version_says_which_are_known(project: TinyProject):
    with pytest.raises(BenchmarkError, match="no complete run of a benchmark openers"):
        diff(project.project, f"{TASK}@abcdef", TASK)
    project.record("a")
    harness.evaluate("a", benchmarks=[TASK], project=project.folder)
    known = project.project.benchmark(TASK).fingerprint[:12]
    with pytest.raises(BenchmarkError, match=f"known are {known}"):
        diff(project.project, f"{TASK}@0000", TASK)


@pytest.mark.parametrize("place", ["nix", "./nix", "nix@zz", ""])
def test_what_is_no_benchmark_is_refused_in_one_line(project, place):
    with pytest.raises(BenchmarkError):
        diff(project.project, place, TASK)
