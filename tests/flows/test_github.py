"""What follows a verdict on GitHub: the summary, and annotations on the benchmark's lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.github import FULL, Reported, report, tell_github
from tests.fakes.project import TinyProject


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the step's summary is written to."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return summary


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    made = TinyProject(tmp_path / "project")
    made.record("good", quality="good")
    made.record("bad", quality="bad")
    made.promote("good")
    monkeypatch.chdir(made.folder)
    return made


def reported(project: TinyProject, *benchmarks: str) -> list[Reported]:
    with open_session(project.project, Request(), lambda *_: None) as session:
        candidate = session.candidate("bad")
        return [report(session, candidate.evaluate(session.benchmark(name))) for name in benchmarks]


@pytest.mark.medium
def test_annotations_stand_on_the_cases_own_lines(runner: Path, tiny: TinyProject) -> None:
    lines = list(tell_github(reported(tiny, "openers")))
    assert len(lines) == 8
    assert {line.split(",title=")[0] for line in lines} == {
        f"::error file=project/benchmarks/openers/cases.jsonl,line={number}"
        for number in range(1, 9)
    }


@pytest.mark.long
def test_the_summary_is_the_comment_and_the_guard_is_told_of_once(
    runner: Path, tiny: TinyProject
) -> None:
    runner.write_text("before\n")
    list(tell_github(reported(tiny, "openers", "manners")))
    text = runner.read_text(encoding="utf-8")
    assert text.startswith("before\n## ❌ Reject")
    assert text.count("\n## ") == 1
    list(tell_github(reported(tiny, "manners")))
    assert "guard manners" in runner.read_text(encoding="utf-8")


@pytest.mark.long
def test_anywhere_else_nothing_is_told(
    runner: Path, tiny: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    (made,) = reported(tiny, "openers")
    assert made.annotations == ()
    assert list(tell_github([made])) == []
    assert not runner.exists()


@pytest.mark.long
def test_a_summary_that_is_full_or_cannot_be_written_harms_nothing(
    runner: Path, tiny: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reported(tiny, "openers")
    runner.write_bytes(b"x" * FULL)
    list(tell_github(made))
    assert runner.stat().st_size == FULL
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tiny.folder))
    first, *rest = tell_github(made)
    assert first.startswith("the step's summary could not be written")
    assert len(rest) == 8


@pytest.mark.slow
def test_never_more_than_ten_of_all_adapters(runner: Path, tiny: TinyProject) -> None:
    (made,) = reported(tiny, "openers")
    assert len(list(tell_github([made, made._replace(adapter="other")]))) == 10
