"""`lora-harness report`: the last verdict as a page, a comment or a record."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject


@pytest.fixture
def judged(project: TinyProject, typed: Type) -> TinyProject:
    """`bad` was rejected, and its report lies in the reports folder."""
    assert typed("evaluate", "bad").code == 1
    return project


@pytest.mark.long
def test_a_verdict_ends_with_the_way_to_its_report(project: TinyProject, typed: Type) -> None:
    lines = typed("evaluate", "bad", "--benchmark", "openers").out.splitlines()
    assert lines[-2].startswith("  report  reports/")
    assert (project.folder / lines[-2].split()[1]).is_file()
    asked = typed("evaluate", "bad", "--benchmark", "openers", "--json").json
    assert asked["report"] == lines[-2].split()[1]


@pytest.mark.long
def test_the_files_are_written_anew_and_named(judged: TinyProject, typed: Type) -> None:
    first = typed("report", "bad")
    files = first.out.splitlines()
    assert [Path(file).name for file in files] == ["report.md", "run.json", "report.html"]
    for file in files:
        (judged.folder / file).unlink()
    run = Path(files[0]).parent.name
    again = typed("report", run, "--json").json
    assert again["run"] == run
    assert all(Path(file).is_file() for file in again["files"].values())


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("--output", "-", "--format", "md"), "## ❌ Reject"),
        (("--output", "-", "--format", "html"), "<!doctype html>"),
        (("--output", "-", "--format", "json"), "{"),
    ],
)
def test_to_stdout(judged: TinyProject, typed: Type, words: tuple[str, ...], begins: str) -> None:
    found = typed("report", "bad", *words)
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith(begins)


@pytest.mark.long
def test_to_a_file_of_a_name_that_says_what_it_is(judged: TinyProject, typed: Type) -> None:
    assert typed("report", "bad", "--output", "gate.md").out == "gate.md\n"
    assert (judged.folder / "gate.md").read_text(encoding="utf-8").startswith("## ❌ Reject")
    typed("report", "bad", "--output", "x/gate.json", "--no-texts")
    assert json.loads((judged.folder / "x/gate.json").read_text(encoding="utf-8"))["texts"] is False


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bad", "--output", "gate"), "say --format"),
        (("bad", "--format", "md"), "--format needs --output"),
        (("bad", "--output", "-"), "say --format"),
        (("bad", "--output", "-", "--format", "md", "--open"), "leave out --open"),
        (("baad",), "did you mean `bad`?"),
        (("bad", "--benchmark", "x"), "no such benchmark"),
    ],
)
def test_a_wrong_request_is_one_line(
    judged: TinyProject, typed: Type, words: tuple[str, ...], said: str
) -> None:
    found = typed("report", *words)
    assert found.code == 4
    assert said in found.line


@pytest.mark.long
def test_a_folder_in_the_way_of_the_file_is_one_line(judged: TinyProject, typed: Type) -> None:
    (judged.folder / "gate.md").mkdir()
    found = typed("report", "bad", "--output", "gate.md")
    assert found.code == 11
    assert "cannot be written" in found.line


@pytest.mark.long
def test_a_browser_is_shown_the_page(
    judged: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(click, "launch", lambda place: seen.append(place) or 0)
    assert typed("report", "bad", "--open").code == 0
    assert [Path(place).name for place in seen] == ["report.html"]


@pytest.mark.slow
def test_on_github_annotations_stay_out_of_json(
    project: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    found = typed("evaluate", "bad", "--benchmark", "openers", "--json")
    assert found.json["outcome"] == "reject"
    assert found.err.count("::error file=") == 8
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("## ❌ Reject")
