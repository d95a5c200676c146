"""Where `pytest --model` leaves its reports, and what it tells GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.project import TinyProject
from tests.plugin.conftest import Gate


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path))
    return pytester.path / "summary.md"


@pytest.mark.medium
def test_the_verdict_ends_with_its_report(gate: Gate, project: TinyProject) -> None:
    result = gate("--model", "bad", "--harness-benchmark", "openers")
    (line,) = [line for line in result.outlines if line.startswith("  report  ")]
    assert (project.folder / line.split()[1]).is_file()


@pytest.mark.slow
def test_in_another_folder_where_one_is_named(gate: Gate, project: TinyProject) -> None:
    gate("--model", "same", "--harness-reports", "elsewhere")
    assert len(list((project.folder / "elsewhere").glob("*/report.html"))) == 2


@pytest.mark.slow
def test_on_github_the_summary_and_the_lines_of_the_cases(gate: Gate, summary: Path) -> None:
    result = gate("--model", "bad")
    said = [line for line in result.outlines if line.startswith("::")]
    assert len(said) == 8
    assert all(
        line.startswith("::error file=benchmarks/openers/cases.jsonl,line=") for line in said
    )
    assert summary.read_text(encoding="utf-8").startswith("## ❌ Reject")


@pytest.mark.slow
def test_of_a_promotion_there_is_a_summary_and_no_annotation(gate: Gate, summary: Path) -> None:
    result = gate("--model", "same")
    assert [line for line in result.outlines if line.startswith("::")] == []
    assert summary.read_text(encoding="utf-8").startswith("## ✅ Promote")


@pytest.mark.long
def test_workers_hand_over_what_is_told(
    pytester: pytest.Pytester, project: TinyProject, summary: Path
) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed, it is optional")
    result = pytester.runpytest_subprocess(
        *("--model", "bad", "-n", "1", "-p", "no:hypothesispytest")
    )
    assert len([line for line in result.outlines if line.startswith("::error")]) == 8
    text = summary.read_text(encoding="utf-8")
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## ❌ Reject: <code>bad</code>"]
