"""`-n 2` changes who works, and nothing else."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from harness.plugin.distribution import scope_of
from tests.fakes.project import TinyProject

pytest.importorskip("xdist", reason="pytest-xdist is not installed, it is optional")

THEIRS = "def test_theirs():\n    assert True\n"


def test_what_stays_together() -> None:
    ours = {"benchmarks/openers/cases.jsonl"}
    for item in ("health-1[acme/v1]", "gate[acme/v1]", "a::b [x][acme/v1]", "gate[acme/v1]@group"):
        assert (
            scope_of(f"benchmarks/openers/cases.jsonl::{item}", ours)
            == "benchmarks/openers/cases.jsonl[acme/v1]"
        )
    assert scope_of("test_theirs.py::test_a[acme/v1]", ours) == "test_theirs.py::test_a[acme/v1]"


def test_one_worker_per_adapter_and_benchmark_and_the_same_answer(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    project.write("test_theirs.py", THEIRS)
    junit = project.folder / "junit.xml"
    result = pytester.runpytest_subprocess(
        *("--model", "same", "--model", "bad", "-n", "2", "-v"), "--junitxml", str(junit)
    )
    assert result.ret == 1
    result.assert_outcomes(passed=29, failed=1)
    workers: dict[str, set[str]] = {}
    for line in result.outlines:
        if line.startswith("[gw") and "::" in line:
            file, _, item = line.split()[-1].partition("::")
            workers.setdefault(f"{file}{item[item.index('[') :]}", set()).add(line[1:4])
    groups = {
        f"benchmarks/{b}/cases.jsonl[{a}]" for a in ("same", "bad") for b in ("openers", "manners")
    }
    assert set(workers) == groups
    assert all(len(used) == 1 for used in workers.values())
    assert len([line for line in result.outlines if line.startswith("PROMOTE  same")]) == 2
    assert len(list(ElementTree.fromstring(junit.read_bytes()).iter("testcase"))) == 30


def test_inconclusive_with_stop_at_the_first_failure(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    result = pytester.runpytest_subprocess("--model", "broken", "-n", "2", "-x", "-q")
    assert result.ret == 10
    assert result.outlines.count("inconclusive  broken on openers") == 1


def test_their_failure_is_a_failure_there_too(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    project.write("test_theirs.py", THEIRS.replace("True", "False"))
    result = pytester.runpytest_subprocess("--model", "broken", "-n", "2", "-q", "test_theirs.py")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["inconclusive  broken on openers"])
