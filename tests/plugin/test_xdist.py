"""`-n 2` changes who works, and nothing else."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from harness.plugin.distribution import scope_of
from tests.fakes.project import TinyProject

pytestmark = pytest.mark.slow

pytest.importorskip("xdist", reason="pytest-xdist is not installed, it is optional")

QUICK = ("-p", "no:hypothesispytest", "-n", "2")


def test_what_stays_together() -> None:
    ours = {"benchmarks/openers/cases.jsonl"}
    for item in ("health-1[acme/v1]", "gate[acme/v1]", "a::b [x][acme/v1]", "gate[acme/v1]@group"):
        assert (
            scope_of(f"benchmarks/openers/cases.jsonl::{item}", ours)
            == "benchmarks/openers/cases.jsonl[acme/v1]"
        )
    assert scope_of("test_theirs.py::test_a[acme/v1]", ours) == "test_theirs.py::test_a[acme/v1]"


@pytest.mark.long
def test_one_worker_per_adapter_and_benchmark_and_everybody_is_heard(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    project.write("test_theirs.py", "def test_theirs():\n    assert False\n")
    junit = project.folder / "junit.xml"
    result = pytester.runpytest_subprocess(
        *("--model", "same", "--model", "broken", "test_theirs.py", "-v", *QUICK),
        *("--junitxml", str(junit)),
    )
    assert result.ret == 1  # theirs: inconclusive alone would be 10
    result.assert_outcomes(passed=29, failed=2)
    workers: dict[str, set[str]] = {}
    for line in result.outlines:
        if line.startswith("[gw") and "cases.jsonl::" in line:
            file, _, item = line.split()[-1].partition("::")
            workers.setdefault(f"{file}{item[item.index('[') :]}", set()).add(line[1:4])
    assert set(workers) == {
        f"benchmarks/{benchmark}/cases.jsonl[{adapter}]"
        for adapter in ("same", "broken")
        for benchmark in ("openers", "manners")
    }
    assert all(len(used) == 1 for used in workers.values())
    assert len([line for line in result.outlines if line.startswith("PROMOTE  same")]) == 2
    assert len(list(ElementTree.fromstring(junit.read_bytes()).iter("testcase"))) == 31


@pytest.mark.long
def test_stopping_at_the_first_failure_keeps_the_code(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    result = pytester.runpytest_subprocess("--model", "broken", "-x", "-q", *QUICK)
    assert result.ret == 10
    assert result.outlines.count("inconclusive  broken on openers") == 1


DYING = """
import os, pathlib
from harness.engines.recorded import Recorded

real = Recorded.generate

def generate(self, adapter, prompts, generation):
    if adapter.name == "bad" and os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        os._exit(9)
    return real(self, adapter, prompts, generation)

Recorded.generate = generate
"""


@pytest.mark.long
def test_a_worker_that_dies_is_no_rejection(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    pytester.makeconftest(DYING)
    quick = ("-p", "no:hypothesispytest", "-n", "1", "--harness-benchmark", "manners")
    result = pytester.runpytest_subprocess("--model", "bad", "-q", *quick)
    result.stdout.fnmatch_lines(["could not judge everything on worker gw0: the worker died*"])
    assert result.ret == 11
