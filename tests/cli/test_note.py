"""`lora-harness note`: a day that charts mark."""

from __future__ import annotations

import pytest

from harness.flows.queries import over_time
from tests.cli.conftest import Type
from tests.fakes.project import TASK, TinyProject

BY = ("--by", "Ana")


def test_a_note_is_kept_beside_the_benchmark_and_marks_the_charts(
    project: TinyProject, typed: Type
) -> None:
    found = typed("note", "spring campaign", "--day", "2026-03-02", *BY)
    assert (found.code, found.out) == (0, "openers  noted on 2026-03-02: spring campaign\n")
    assert (project.folder / f"benchmarks/{TASK}/voice.jsonl").is_file()
    store = project.store()
    (mark,) = [one for one in over_time(project.project, store, TASK).marks if one.kind == "note"]
    store.close()
    assert (mark.at, mark.adapter, mark.words) == ("2026-03-02", "", "Ana: spring campaign")


@pytest.mark.usefixtures("project")
def test_without_text_the_marked_days_are_listed_the_oldest_first(typed: Type) -> None:
    assert typed("note").out == "no day is marked yet\n"
    typed("note", "second", "--day", "2026-04-02", *BY)
    typed("note", "first", "--day", "2026-03-02", *BY)
    assert typed("note").out.splitlines() == [
        "2026-03-02  note        Ana: first",
        "2026-04-02  note        Ana: second",
    ]
    days = [one["day"] for one in typed("note", "--json").json["days"]]
    assert days == ["2026-03-02", "2026-04-02"]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("x", "--day", "spring", *BY), "--day spring: is no day, write it as 2026-06-01"),
        (("x", "--day", "2999-01-01", *BY), "--day 2999-01-01: is not here yet, mark it when"),
        (("two\nlines", *BY), "--why must say something, in one line"),
        (("--day", "2026-03-02"), 'what is to be noted? lora-harness note "TEXT"'),
    ],
)
def test_what_is_no_note_is_refused(typed: Type, words: tuple[str, ...], line: str) -> None:
    found = typed("note", *words)
    assert found.code == 4
    assert line in found.line
