"""A project's conftest.py hears of every verdict; who does not ask notices nothing."""

from __future__ import annotations

import json

import pytest

from tests.fakes.project import TinyProject
from tests.plugin.conftest import Gate

LISTENS = """
import json, pathlib

def note(*what):
    with pathlib.Path("heard.jsonl").open("a") as file:
        file.write(json.dumps(what) + "\\n")

def pytest_harness_verdict(config, verdict, run):
    assert config.rootpath.is_dir()
    note(verdict.candidate, verdict.benchmark, verdict.outcome, len(run.results), True)

def pytest_harness_unjudged(adapter, benchmark, problem):
    note(adapter, benchmark, str(problem), problem.exit_code)
"""


def heard(pytester: pytest.Pytester) -> list[list[object]]:
    file = pytester.path / "heard.jsonl"
    return sorted(map(json.loads, file.read_text().splitlines())) if file.exists() else []


@pytest.mark.slow
def test_each_verdict_is_heard_once(gate: Gate, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(LISTENS)
    assert gate("--model", "same", "--model", "bad").ret == 1
    assert heard(pytester) == [
        ["bad", "manners", "promote", 5, True],
        ["bad", "openers", "reject", 8, True],
        ["same", "manners", "promote", 5, True],
        ["same", "openers", "promote", 8, True],
    ]


@pytest.mark.medium
def test_what_could_not_be_judged_is_heard_as_that(
    gate: Gate, pytester: pytest.Pytester, project: TinyProject
) -> None:
    pytester.makeconftest(LISTENS)
    project.write("recorded/same/openers.jsonl", '{"case": "health-1", "output": "Hi"}\n')
    assert gate("--model", "same").ret == 4
    ((adapter, benchmark, line, code),) = [one for one in heard(pytester) if len(one) == 4]
    assert (adapter, benchmark, code) == ("same", "openers", 4)
    assert "no output for 7 cases" in str(line)


@pytest.mark.long
def test_two_workers_say_each_verdict_once(gate: Gate, pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="the hooks of workers need pytest-xdist")
    pytester.makeconftest(LISTENS)
    result = pytester.runpytest_subprocess("--model", "same", "-n", "2")
    assert result.ret == 0
    assert [one[:2] for one in heard(pytester)] == [["same", "manners"], ["same", "openers"]]


@pytest.mark.medium
def test_without_model_no_hook_is_called(pytester: pytest.Pytester, project: TinyProject) -> None:
    pytester.makeconftest(LISTENS)
    pytester.makepyfile(test_theirs="def test_theirs(): pass")
    assert pytester.runpytest_inprocess().ret == 0
    assert heard(pytester) == []


def test_a_hook_that_asks_for_what_there_is_not_is_told(
    pytester: pytest.Pytester, project: TinyProject
) -> None:
    pytester.makeconftest("def pytest_harness_verdict(config, verdikt): pass")
    result = pytester.runpytest_inprocess()
    assert result.ret != 0
    result.stderr.fnmatch_lines(["*verdikt*"])
