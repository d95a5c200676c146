"""`lora-harness benchmark propose` as somebody types it."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from harness.records import SYNTHETIC
from tests.cli.conftest import Type, Typed
from tests.fakes.finals import finals, keep
from tests.fakes.project import TASK, TinyProject

RESERVE = f"benchmarks/{TASK}/cases.reserve.jsonl"


@pytest.fixture
def reviewed(project: TinyProject) -> TinyProject:
    keep(project, finals(40, edited=10))
    return project


def answers(project: TinyProject, **marks: Any) -> Path:
    """Write what --output wrote, with a mark on every line."""
    file = project.folder / "proposals.jsonl"
    lines = [json.loads(line) | marks for line in file.read_text("utf-8").splitlines()]
    return project.write_lines("answers.jsonl", lines)


def reserve(project: TinyProject) -> list[dict[str, Any]]:
    file = project.folder / RESERVE
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


def test_help_has_an_example_and_the_exit_codes(typed: Type) -> None:
    found = typed("benchmark", "propose", "--help")
    shown = " ".join(found.out.split())
    assert found.code == 0 and "Exit codes: 0 done" in shown
    assert "Example: lora-harness benchmark propose outreach --output proposals.jsonl" in shown
    assert "propose" in typed("benchmark", "--help").out


def test_proposals_are_listed_with_their_texts_and_the_next_command(
    typed: Type, reviewed: TinyProject
) -> None:
    found = typed("benchmark", "propose", "--count", "3")
    assert (found.code, found.err) == (0, "")
    assert found.out.count("sent-") == 3 and found.out.count("  ideal ") == 3
    assert "proposed  3 of 40 finals that people sent" in found.out
    assert "next      lora-harness benchmark propose openers --output" in found.out
    assert "good" not in found.out and "edited-" not in found.out


def test_json_has_the_proposals_and_the_state_of_the_reserve(
    typed: Type, reviewed: TinyProject
) -> None:
    told = typed("benchmark", "propose", TASK, "--json").json
    assert len(told["proposals"]) == told["proposed"] == 30
    assert told["reserve"] == {"cases": 0, "looks": [10, 30]}
    assert set(told["left_out"]) == {"taught", "held", "declined", "alike", "leaning"}
    assert told["proposals"][0]["confirmed"] is False


@pytest.mark.medium
def test_from_a_file_to_the_reserve(typed: Type, reviewed: TinyProject) -> None:
    found = typed("benchmark", "propose", "--output", "proposals.jsonl")
    assert found.code == 0 and "wrote     proposals.jsonl" in found.out
    assert "benchmark propose --confirm proposals.jsonl --by YOU" in found.out
    answers(reviewed, confirmed=True)
    done = typed("benchmark", "propose", "--confirm", "answers.jsonl", "--by", "Ana")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("added     30 cases\n")
    assert len(reserve(reviewed)) == 30
    again = typed("benchmark", "propose", "--confirm", "answers.jsonl", "--by", "Ana", "--json")
    assert again.json["added"] == [] and len(again.json["already"]) == 30
    assert "30 in reserve" in typed("benchmark", "check", TASK).out


def test_a_dry_run_adds_nothing(typed: Type, reviewed: TinyProject) -> None:
    typed("benchmark", "propose", "--output", "proposals.jsonl", "--json")
    answers(reviewed, confirmed=True)
    words = ("--confirm", "answers.jsonl", "--by", "Ana", "--dry-run")
    assert typed("benchmark", "propose", *words).out.startswith("would add 30 cases")
    assert reserve(reviewed) == []


def test_lines_that_cannot_enter_are_all_named(typed: Type, reviewed: TinyProject) -> None:
    typed("benchmark", "propose", "--count", "3", "--output", "proposals.jsonl")
    answers(reviewed, confirmed=True, ideal="")
    words = ("benchmark", "propose", "--confirm", "answers.jsonl", "--by", "Ana")
    found = typed(*words)
    assert found.code == 4 and "answers.jsonl:2: `ideal` is blank" in found.err
    assert "3 rows are no cases, nothing was written" in found.err.splitlines()[-1]
    told = typed(*words, "--json")
    assert told.code == 4 and len(told.json["bad"]) == 3
    assert reserve(reviewed) == []


def test_without_reviews_it_says_how_they_come(typed: Type, project: TinyProject) -> None:
    found = typed("benchmark", "propose", "--output", "p.jsonl")
    assert found.code == 0 and "reviews import FILE" in " ".join(found.out.split())
    assert not (project.folder / "p.jsonl").exists()
    assert typed("benchmark", "propose", "--json").json["proposals"] == []


def test_made_up_reviews_are_labelled(typed: Type, project: TinyProject) -> None:
    keep(project, [replace(one, source=SYNTHETIC) for one in finals(3)])
    assert "SYNTHETIC: 3 of these nobody sent" in typed("benchmark", "propose").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("opners",), "did you mean `openers`"),
        (("manners",), "a guard benchmark has no reserve"),
        (("--task", "nix"), "no benchmark is for this task"),
        (("--count", "0"), "not in the range"),
        (("--confirm", "a.jsonl"), "--confirm needs --by WHO"),
        (("--confirm", "a.jsonl", "--by", "Ana", "--count", "3"), "--confirm stands alone"),
        (("--confirm", "nix.jsonl", "--by", "Ana"), "no such file"),
        (("--output", "pyproject.toml"), "is there already and may hold answers"),
        (("--output", "pyproject.toml/p.jsonl"), "cannot be written"),
    ],
)
def test_a_wrong_request_is_one_line_and_four(
    typed: Type, reviewed: TinyProject, words: tuple[str, ...], said: str
) -> None:
    found = typed("benchmark", "propose", *words)
    assert found.code == 4 and said in found.line
    again = typed("benchmark", "propose", *words, "--json")
    assert again.code == 4 and said in again.json["error"]


class Terminal(io.StringIO):
    """Somebody at a terminal who types these lines."""

    def isatty(self) -> bool:
        return True


def at_terminal(
    typed: Type, monkeypatch: pytest.MonkeyPatch, lines: list[str], *words: str
) -> Typed:
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    return typed("benchmark", "propose", *words)


def test_on_a_terminal_each_proposal_is_asked_about(
    typed: Type, reviewed: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click, "edit", lambda text: f"{text} Indeed.\n")
    typed_lines = ["Ana", "y", "s", "n", "e", "y", "q"]
    found = at_terminal(typed, monkeypatch, typed_lines, "--count", "5")
    assert found.code == 0 and "added     2" in found.out
    first, second = reserve(reviewed)
    assert second["ideal"].endswith("Indeed.") and not first["ideal"].endswith("Indeed.")
    said = (reviewed.folder / f"benchmarks/{TASK}/cases.reserve.confirmed.jsonl").read_text()
    assert [json.loads(line)["confirmed"] for line in said.splitlines()] == [True, False, True]


def test_on_a_terminal_they_can_be_listed_only(
    typed: Type, reviewed: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = at_terminal(typed, monkeypatch, [], "--count", "5", "--list")
    assert found.code == 0 and "Who confirms" not in found.out


def test_what_was_answered_before_a_break_is_kept(
    typed: Type, reviewed: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = at_terminal(typed, monkeypatch, ["y", "y"], "--count", "5", "--by", "Ana")
    assert found.code == 130  # the input ended where an answer was asked for
    assert len(reserve(reviewed)) == 2


def test_rows_of_a_table_can_be_added_as_well(typed: Type, project: TinyProject) -> None:
    project.write("rows.csv", "input,ideal\na matter of firm77,Yes.\n")
    words = ("benchmark", "import", "rows.csv", "--name", TASK, "--reserve")
    assert "would add 1 case" in typed(*words, "--dry-run").out
    found = typed(*words)
    assert found.code == 0 and "added     1 case" in found.out
    assert typed(*words, "--json").json["already"] == [one["id"] for one in reserve(project)]
    project.write("rows.csv", "input,ideal\na matter of firm77,No.\n")
    assert typed(*words).code == 4


@pytest.mark.medium
def test_a_reserve_that_grew_is_a_difference_that_verdicts_survive(
    typed: Type, reviewed: TinyProject
) -> None:
    for file in ("benchmark.toml", "cases.jsonl"):
        text = (reviewed.folder / f"benchmarks/{TASK}/{file}").read_text()
        reviewed.write(f"old/{TASK}/{file}", text)
    typed("benchmark", "propose", "--count", "3", "--output", "proposals.jsonl")
    answers(reviewed, confirmed=True)
    typed("benchmark", "propose", "--confirm", "answers.jsonl", "--by", "Ana")
    found = typed("benchmark", "diff", f"old/{TASK}", TASK)
    shown = " ".join(found.out.split())
    assert found.code == 1 and "reserve 3 added (sent-" in shown
    assert "it begins as it did" in shown and "verdicts still compare across the two" in shown
    back = typed("benchmark", "diff", TASK, f"old/{TASK}")
    assert "its beginning is not what it was" in " ".join(back.out.split())
    told = typed("benchmark", "diff", TASK, f"old/{TASK}", "--json").json["reserve"]
    assert (len(told["removed"]), told["begins_alike"]) == (3, False)
