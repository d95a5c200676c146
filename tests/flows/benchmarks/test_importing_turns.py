"""Conversations, system texts and context come in from tables and from promptfoo."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import BenchmarkError
from harness.records import Message
from harness.render.benchmark_import import understood_text
from tests.fakes.project import TASK, TinyProject
from tests.flows.benchmarks.test_importing import imported, lines

TALK = [
    {"role": "system", "content": "You take bookings."},
    {"role": "user", "content": "A table for two"},
    {"role": "assistant", "content": "At what time?"},
    {"role": "user", "content": "At eight, \"by the window\""},
]  # fmt: skip


def test_messages_come_in_from_jsonl_and_from_a_cell_of_json(project: TinyProject) -> None:
    row = {"id": "a", "messages": TALK, "expected": "Booked."}
    found = imported(project, "cases.jsonl", json.dumps(row) + "\n")
    assert lines(project) == [{"id": "a", "messages": TALK, "ideal": "Booked."}]
    cell = json.dumps(TALK).replace('"', '""')
    csv = f'id,messages,expected\na,"{cell}",Booked.\n'
    again = imported(project, "cases.csv", csv, name="other")
    assert found.benchmark and again.benchmark
    assert again.benchmark.cases == found.benchmark.cases
    (case,) = found.benchmark.cases
    assert case.turns == (Message("user", "A table for two"), Message("assistant", "At what time?"))
    assert case.system == "You take bookings."


def test_a_new_benchmark_shows_the_context_that_its_cases_have(project: TinyProject) -> None:
    csv = (
        "id,question,contexts,system_prompt,answer\n"
        'a,Who?,"[""Ana leads."", ""Ben helps.""]",Be brief.,Ana\n'
        "b,Why?,,,To test.\n"
    )
    found = imported(project, "cases.csv", csv)
    assert found.benchmark is not None
    assert found.benchmark.template == "{context}\n\n{input}"
    first, second = found.benchmark.cases
    assert (first.context, first.system) == (("Ana leads.", "Ben helps."), "Be brief.")
    assert (second.context, second.system) == ((), None)


def test_a_benchmark_whose_template_has_no_context_takes_none(project: TinyProject) -> None:
    csv = "id,input,context,ideal\na,Who?,Ana leads.,Ana\n"
    found = imported(project, "cases.csv", csv, name=TASK, replace=True)
    (bad,) = found.bad
    assert "cases.csv:2: has `context`, but `template` of benchmark.toml has no {context}" in bad
    left = imported(project, "cases.csv", csv, name=TASK, replace=True, told={"context": ""})
    assert not left.bad and left.columns.unused == ("context",)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("hello", "`messages`: is not JSON"),
        ('[{""role"": ""user""}]', "turn 1 of `messages`: `content` is missing"),
        ('{""role"": ""user""}', "`messages` is a table, a list of turns is needed"),
    ],
)
def test_a_cell_that_is_no_conversation_is_named_with_its_row(
    project: TinyProject, cell: str, said: str
) -> None:
    found = imported(project, "cases.csv", f'id,messages,ideal\na,"{cell}",Fine.\n')
    (bad,) = found.bad
    assert "cases.csv:2: " in bad and said in bad and not found.written


def test_a_row_may_have_an_input_or_messages_and_not_both(project: TinyProject) -> None:
    rows = [{"input": "Hi", "ideal": "Ho"}, {"messages": TALK, "ideal": "Booked."}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    assert not imported(project, "cases.jsonl", text).bad
    both = json.dumps({"input": "Hi", "messages": TALK, "ideal": "x"}) + "\n"
    (bad,) = imported(project, "cases.jsonl", both, name="other").bad
    assert "has `input` and `messages`" in bad


def test_without_input_and_messages_the_input_is_asked_for(project: TinyProject) -> None:
    with pytest.raises(BenchmarkError, match="no column is understood as `input`"):
        imported(project, "cases.csv", "id,ideal\na,b\n")


PROMPTFOO = """\
prompts:
  - |
    [{"role": "system", "content": "You serve {{place}}."},
     {"role": "user", "content": "{{question}}"}]
tests:
  - vars: {place: the "Blue Door", question: 'Open on "Sunday"?', context: not shown}
    assert: [{type: equals, value: "Yes."}]
"""


def test_a_chat_prompt_of_promptfoo_is_a_conversation(project: TinyProject) -> None:
    found = imported(project, "p.yaml", PROMPTFOO)
    assert found.benchmark is not None
    (case,) = found.benchmark.cases
    assert case.system == 'You serve the "Blue Door".'
    assert (case.input, case.turns) == ('Open on "Sunday"?', ())
    assert case.context == (), "what the prompt shows is not added to it again"


def test_a_prompt_that_only_begins_like_json_is_a_text(project: TinyProject) -> None:
    found = imported(project, "p.yaml", PROMPTFOO.replace('"content": "You', "content: You"))
    assert found.benchmark is not None
    assert found.benchmark.cases[0].input.startswith('[{"role": "system", content: You serve the')


def test_the_preview_shows_turns_as_people_read_them() -> None:
    case: dict[str, Any] = {"id": "a", "messages": TALK, "context": ["one", "two"], "ideal": "x"}
    shown = understood_text({}, (), [case])
    for line in ("system  You take", "user  A table", "assistant  At what", "context  one | two"):
        assert line in shown
