"""`status`, `promote`, `accept` and `history` as people and programs use them."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

WHO = ("--by", "Ana", "--why", "fewer broken cases")


def run_of(typed: Type, name: str) -> str:
    """The run that the last verdict on an adapter rests on."""
    first = typed("evaluate", name, "--json").out.splitlines()[0]
    return str(json.loads(first)["runs"]["candidate"])


# --- status -------------------------------------------------------------------------------------


def test_status_of_a_new_project(project: TinyProject, typed: Type) -> None:
    words = ("status", "--store", "sqlite:///new.db")
    assert typed(*words, "--json").json == {
        "tasks": [
            {
                "task": "openers",
                "promoted": None,
                "pinned": None,
                "since": None,
                "verdict": None,
                "override": False,
                "origin": None,
                "served": None,
            }
        ]
    }
    assert "nothing yet" in typed(*words).out


@pytest.mark.long
def test_status_says_what_is_promoted_since_when_and_on_which_verdict(
    project: TinyProject, typed: Type
) -> None:
    typed("evaluate", "same")
    decision = typed("promote", "same", *WHO, "--json")
    assert decision.code == 0
    (task,) = typed("status", "--json").json["tasks"]
    assert set(task) >= {"task", "promoted", "pinned", "since", "verdict"}
    assert (task["promoted"], task["pinned"]) == ("same", "good")
    assert task["verdict"] == decision.json["verdict"] is not None
    assert task["since"] == decision.json["at"]
    shown = typed("status").out
    assert "same" in shown
    assert task["since"][:10] in shown


# --- promote and accept -------------------------------------------------------------------------


@pytest.mark.slow
def test_promote_says_what_was_recorded(project: TinyProject, typed: Type) -> None:
    typed("evaluate", "same")
    found = typed("promote", "same", *WHO)
    assert (found.code, found.err) == (0, "")
    assert found.out == "promote same for openers, by Ana: fewer broken cases\n"


@pytest.mark.slow
def test_promote_refuses_in_one_line(project: TinyProject, typed: Type) -> None:
    assert "was not judged yet" in typed("promote", "same", *WHO).line
    typed("evaluate", "bad")
    refused = typed("promote", "bad", *WHO, "--json")
    assert (refused.code, set(refused.json)) == (1, {"error"})  # the code of its verdict
    assert typed("promote", "bad", "--by", "Ana").code == 4


@pytest.mark.long
def test_accept_lets_the_next_verdict_pass(project: TinyProject, typed: Type) -> None:
    run = run_of(typed, "broken")
    assert "did not break" in typed("accept", "health-2", "--run", run, *WHO).line
    found = typed("accept", "health-1", "--run", run, *WHO, "--json")
    assert (found.code, found.json["kind"], found.json["case"]) == (0, "accept", "health-1")
    assert typed("evaluate", "broken").code == 0


@pytest.mark.slow
def test_what_a_person_wrote_cannot_act_on_the_terminal(project: TinyProject, typed: Type) -> None:
    typed("evaluate", "same")
    found = typed("promote", "same", "--by", "A\x1b[31m", "--why", "x\r\u202ey")
    assert found.code == 0
    assert found.out.rstrip("\n").isprintable()


# --- history ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_history_lists_runs(project: TinyProject, typed: Type) -> None:
    assert "no run yet" in typed("history", "list").out
    assert typed("history", "list", "--json").json == {"runs": []}
    typed("evaluate", "same")
    runs = typed("history", "list", "--json").json["runs"]
    assert len(runs) == 6  # the candidate, the promoted and base, on both benchmarks
    assert typed("history", "list").out.splitlines() == runs


@pytest.mark.long
def test_history_goes_there_and_back(project: TinyProject, typed: Type) -> None:
    typed("evaluate", "same")
    assert typed("history", "export", "a/history.jsonl", "--json").json == {"lines": 9}
    there = ("--store", "sqlite:///there.db")
    counts = {"runs": 6, "verdicts": 2, "decisions": 1, "reviews": 0}
    assert typed("history", "import", "a/history.jsonl", *there, "--json").json == counts
    again = typed("history", "import", "a/history.jsonl", *there)
    nothing = "0 new runs, 0 new verdicts, 0 new decisions, 0 new reviews"
    assert again.out == f"a/history.jsonl: {nothing}\n"
    typed("history", "export", "b.jsonl", *there)
    first, second = (project.folder / "a/history.jsonl"), (project.folder / "b.jsonl")
    assert first.read_bytes() == second.read_bytes()


def test_history_refuses_what_is_no_history(project: TinyProject, typed: Type) -> None:
    project.write("x.jsonl", '{"a": 1}\n')
    found = typed("history", "import", "x.jsonl")
    assert found.code == 4
    assert "x.jsonl:1: is no line of an exported history" in found.line
    assert typed("history", "import", "nosuch.jsonl").code == 4
    assert typed("history", "export", str(project.folder)).code == 4


@pytest.mark.slow
def test_history_recomputes_a_verdict(project: TinyProject, typed: Type) -> None:
    run = run_of(typed, "bad")
    found = typed("history", "recompute", run)
    assert found.code == 0
    assert found.out == f"{run}: reject, the same to the last bit\n"
    as_json = typed("history", "recompute", run, "--json").json
    assert (as_json["same"], as_json["verdict"]["outcome"]) == (True, "reject")
    assert typed("history", "recompute", "nosuch").code == 4
