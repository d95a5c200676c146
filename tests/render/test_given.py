"""What a case was given is readable wherever a case is shown, and nothing in it acts."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings

from harness.findings.difference import case_differences
from harness.records import BenchmarkDifference, Case, CaseResult, Message, Output, Run
from harness.render import compare_json, compare_text
from harness.render.benchmark_difference import difference_json, difference_text
from harness.render.report import report_html, report_json
from harness.text.given import beside_input
from harness.text.given import given as given_to
from harness.text.plain import plain
from harness.text.redact import Redaction
from tests.render.report.materials import MATERIAL, compared
from tests.text.hostile import COMMAND, acts, hostile

PLAIN = Case("plain", "Who?", ("Ana.",))
TURNS = (Message("user", "A table for two"), Message("assistant", "At what time?"))
WHOLE = Case("talk", "At eight", ("Booked.",), turns=TURNS, system="You book.", context=("Open.",))
PARTS = [
    ("system", "You book."), ("user", "A table for two"), ("assistant", "At what time?"),
    ("context", "Open."), ("input", "At eight"),
]  # fmt: skip


def run(adapter: str, *cases: Case) -> Run:
    results = tuple(
        CaseResult(case, (Output(case.id, f"by {adapter}"),), {"edit_similarity": 0.5})
        for case in cases
    )
    return Run(adapter, adapter, "booking", "booking", "9f3c1a77", results, True)


def test_a_plain_case_has_its_input_and_nothing_else() -> None:
    assert given_to(PLAIN) == [("input", "Who?")] and beside_input(PLAIN) == {}


def test_the_parts_come_in_reading_order_with_their_names() -> None:
    assert given_to(WHOLE) == PARTS
    two = replace(WHOLE, turns=(), system="", context=("one", "two"))
    assert [name for name, _ in given_to(two)] == ["system", "context 1", "context 2", "input"]
    assert given_to(two)[0] == ("system", "(none)")


def test_programs_get_the_keys_of_the_file_and_only_where_they_are_set() -> None:
    assert plain(PLAIN).keys() == {
        "id", "input", "ideals", "slices", "critical", "checks", "group",
    }  # fmt: skip
    found = plain(WHOLE)
    assert found["input"] == "At eight"
    assert (found["system"], found["context"]) == ("You book.", ["Open."])
    assert found["messages"][-1] == {"role": "user", "content": "At eight"}
    assert [turn["role"] for turn in found["messages"]] == ["user", "assistant", "user"]


def test_a_report_shows_every_turn_before_the_ideal() -> None:
    one = compared("talk", "broken", 0.9, 0.2, turns=TURNS, system="You book.", context=("Open.",))
    material = replace(MATERIAL, compared=(one,))
    page = report_html(material)
    places = [page.index(f"<dt>{name}</dt><dd>{text}") for name, text in PARTS[:-1]]
    assert places == sorted(places) and places[-1] < page.index("<dt>the ideal")
    told = replace(MATERIAL.run, results=(one.candidate,))
    assert "messages" in json.dumps(report_json(replace(material, run=told)))


def test_two_runs_side_by_side_show_the_turns_that_an_output_answers() -> None:
    cases = (PLAIN, WHOLE)
    shown = compare_text(run("v1", *cases), run("v2", *cases))
    lines = [line.split(None, 1) for line in shown.splitlines() if line.startswith("  ")]
    assert [(line[0], line[1]) for line in lines if len(line) > 1][-8:-3] == PARTS
    assert "Who?" not in shown, "a plain case is known by its id"
    first, second = compare_json(run("v1", *cases), run("v2", *cases))["cases"]
    assert first["input"] == "Who?" and not {"messages", "system", "context"} & first.keys()
    assert second["messages"][0] == {"role": "user", "content": "A table for two"}


def test_a_changed_turn_is_shown_with_its_place_and_role() -> None:
    new = replace(
        WHOLE, turns=(TURNS[0], replace(TURNS[1], content="At what hour?")), system="", context=()
    )
    _, _, changed = case_differences((WHOLE,), (new,))
    found = {field.field: (field.old, field.new) for field in changed[0].fields}
    assert found == {
        "system": ("You book.", "(none)"),
        "turn 2 (assistant)": ("At what time?", "At what hour?"),
        "context": ("Open.", ""),
    }
    it = BenchmarkDifference("a", "b", "f1", "f2", changed=changed)
    assert "At what [-time?-] [+hour?+]" in difference_text(it)


def test_no_system_text_is_another_thing_than_that_of_the_benchmark() -> None:
    _, _, changed = case_differences((PLAIN,), (replace(PLAIN, system=""),))
    assert [(one.field, one.new) for one in changed[0].fields] == [("system", "(none)")]


def test_an_added_conversation_is_one_for_programs_too() -> None:
    it = BenchmarkDifference("a", "b", "f1", "f2", added=(WHOLE,))
    (case,) = difference_json(it)["added"]
    assert case["messages"][-1]["content"] == "At eight"


def test_where_texts_are_left_out_no_turn_is_shown() -> None:
    shut = Redaction(texts=False)
    cases = run("v1", WHOLE), run("v2", WHOLE)
    shown = compare_text(*cases, redaction=shut)
    shown += json.dumps(compare_json(*cases, redaction=shut))
    assert not [text for _, text in PARTS if text in shown]
    assert "[text left out]" in shown and "talk" in shown


@settings(max_examples=40, deadline=None)
@given(hostile)
def test_no_turn_acts_on_the_reader(text: str) -> None:
    turns = (Message("user", text), Message("assistant", text))
    case = replace(WHOLE, input=text, turns=turns, system=text, context=(text, text))
    shown = compare_text(run("v1", case), run("v2", case))
    assert not acts(shown, keep="\n")
    assert not [line for line in shown.split("\n") if COMMAND.search(line)]
    both = compare_json(run("v1", case), run("v2", case))
    json.dumps(both, ensure_ascii=False, allow_nan=False).encode()
