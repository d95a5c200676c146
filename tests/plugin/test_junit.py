"""JUnit files and terminals get what a model wrote, made harmless."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.plugin.conftest import Gate

HOSTILE = {
    "logistics-1": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \r\b\x00 \u202egnihton\u202c \u200b",
    "logistics-2": "a\n::error::pwned\n ::set-output name=x::y",
    "logistics-3": "a ##[group]b\n##[error]c",
    "logistics-4": "[bold red]loud[/] ]]> <script>alert(1)</script> &amp; <a b='",
    "health-1": "babble " * 150_000,
    "health-2": "\ufffe \uffff \x85 \u2028 \x0b \x7f",
    "health-3": "=HYPERLINK(1) | cell | `code` @someone #1 </details>",
    "health-4": "EOF\n::add-mask::x\n::stop-commands::y",
}


@pytest.fixture
def hostile(project: TinyProject) -> TinyProject:
    """Every output tries something, and every case item fails, so that all of them are shown."""
    checked = [case | {"checks": {"contains": ["plan its week"]}} for case in CASES]
    project.benchmark("openers", BENCHMARK, checked)
    project.record("hostile", quality="bad", texts=HOSTILE)
    return project


def junit(
    gate: Gate, project: TinyProject, *arguments: str
) -> tuple[pytest.RunResult, ElementTree.Element]:
    file = project.folder / "junit.xml"
    result = gate(*arguments, "--junitxml", str(file))
    return result, ElementTree.fromstring(file.read_bytes())


@pytest.mark.medium
def test_the_failure_of_a_gate_holds_the_whole_verdict(gate: Gate, project: TinyProject) -> None:
    result, xml = junit(gate, project, "--model", "bad")
    assert result.ret == 1
    cases = {(c.attrib["classname"], c.attrib["name"]): c for c in xml.iter("testcase")}
    assert len(cases) == 15
    gate_of_the_task = cases["benchmarks.openers.cases.jsonl", "gate[bad]"]
    failure = gate_of_the_task.find("failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("REJECT bad: 8 of 8 cases collapsed")
    assert failure.text and "broken 8 · fixed 0 of 8" in failure.text
    outcome = gate_of_the_task.find("properties/property")
    assert outcome is not None
    assert outcome.attrib == {"name": "harness_outcome", "value": "reject"}


@pytest.mark.slow
def test_hostile_outputs_come_through_safe(gate: Gate, hostile: TinyProject) -> None:
    result, xml = junit(gate, hostile, "--model", "hostile", "--harness-benchmark", "openers")
    assert result.ret == 1
    result.assert_outcomes(failed=9)
    for shown in (result.stdout.str(), (hostile.folder / "junit.xml").read_text()):
        assert len(shown) < 100_000
        for line in shown.split("\n"):
            assert "##[" not in line
            assert not line.lstrip(" \t|").startswith("::")
        acting = {c for c in shown if not c.isprintable()} - {"\n", "\t"}
        assert acting == set()
    assert len(list(xml.iter("failure"))) == 9
    result.stdout.fnmatch_lines(["*␛?31mred*", "*more characters)*"])
