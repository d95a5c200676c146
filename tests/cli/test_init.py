"""`lora-harness init` as somebody types it."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import pytest

from tests.cli.conftest import Type

command = importlib.import_module("harness.cli.init")


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_new_folder_says_what_was_written_and_what_is_next(typed: Type) -> None:
    found = typed("init", "my project")
    assert (found.code, found.err) == (0, "")
    assert "wrote   benchmarks/my-task/cases.jsonl" in found.out
    assert found.out.splitlines()[-1] == "next    cd 'my project' && pytest --model base"
    assert Path("my project/pyproject.toml").is_file()


def test_without_a_folder_it_is_the_one_at_hand(typed: Type) -> None:
    found = typed("init", "--task", "openers", "--base", "here", "--embedder", "none", "--json")
    assert found.code == 0
    told = found.json
    assert (told["folder"], told["task"]) == (".", "openers")
    assert (told["base"], told["embedder"]) == ("here", "none")
    assert len(told["written"]) == 8
    assert Path("benchmarks/openers/benchmark.toml").is_file()


def test_files_that_stand_there_are_named_and_nothing_is_written(typed: Type) -> None:
    Path("pyproject.toml").write_text("[project]\n")
    found = typed("init")
    assert found.code == 4
    assert "pyproject.toml stand there already" in found.line
    assert [file.name for file in Path().iterdir()] == ["pyproject.toml"]
    kept = typed("init", "--keep")
    assert kept.code == 0
    assert "add these lines to pyproject.toml" in kept.out
    assert "[tool.harness]" in kept.out
    assert Path("pyproject.toml").read_text() == "[project]\n"


@pytest.mark.slow
def test_a_check_in_the_new_project_says_what_is_to_be_done(typed: Type) -> None:
    typed("init")
    found = typed("benchmark", "check")
    assert found.code == 1
    assert "placeholders are not a benchmark" in " ".join(found.out.split())


def test_a_wrong_task_is_one_line(typed: Type) -> None:
    assert "--task" in typed("init", "--task", "a/b").line
    assert "error" in typed("init", "--task", "a/b", "--json").json


@pytest.mark.medium
def test_texts_are_committed_only_where_that_is_asked_for(
    typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settings(*words: str) -> str:
        name = f"p{len(list(Path().iterdir()))}"
        assert typed("init", name, *words).code == 0
        return Path(name, "pyproject.toml").read_text(encoding="utf-8")

    assert "history_texts = false" in settings(), "nobody is asked where nobody can answer"
    assert "history_texts = true" in settings("--history-texts")
    for answer in (True, False):
        monkeypatch.setattr(command, "_asked", lambda answer=answer: answer)
        assert f"history_texts = {str(answer).lower()}" in settings()
        assert "history_texts = false" in settings("--no-history-texts")


def test_at_a_terminal_it_asks_and_no_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{stream}", Terminal())
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: "")
    assert command._asked() is False
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: "y")
    assert command._asked() is True


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
