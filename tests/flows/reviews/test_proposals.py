"""Proposals for the reserve: untaught finals, balanced, and without a word on who wrote them."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError, RequestError
from harness.findings.reviewed import reserve_id
from harness.findings.set_aside import is_set_aside
from harness.flows.reviews.proposals import (
    Proposals,
    propose,
    reserved_benchmark,
    write_proposals,
)
from harness.records import ON_BENCHMARK, SYNTHETIC, Message
from harness.workspace.project.reserve import Confirmation, add_confirmations
from harness.workspace.project.training_data import scan_training_set
from tests.fakes.finals import finals, keep, reserve_of
from tests.fakes.project import BENCHMARK, CASES, GUARD, TASK, TinyProject
from tests.fakes.refusals import refused


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


def proposed(project: TinyProject, count: int | None = None) -> Proposals:
    opened = project.project
    with closing(project.store()) as store:
        return propose(opened, store, reserved_benchmark(opened, TASK, None), count)


def inputs(found: Proposals) -> set[str]:
    return {line["input"] for line in found.lines}


def test_a_proposal_has_what_a_case_has_and_nothing_about_its_adapter(
    project: TinyProject,
) -> None:
    keep(project, finals(12, edited=4))
    found = proposed(project)
    assert len(found.lines) == 12
    for line in found.lines:
        assert line.keys() == {"id", "input", "ideal", "slices", "benchmark", "confirmed"}
        assert line["confirmed"] is False
    shown = json.dumps(found.lines)
    assert not any(word in shown for word in ("good", "edited", "accepted", "Dear", "Kim", "2026"))


def test_the_order_says_nothing_about_time_or_edits(project: TinyProject) -> None:
    reviews = keep(project, finals(40, edited=20))
    by_input = {review.input: place for place, review in enumerate(reviews)}
    places = [by_input[line["input"]] for line in proposed(project, 40).lines]
    assert len(places) == 40
    assert sum(place < 20 for place in places[:20]) in range(5, 16)
    again = [by_input[line["input"]] for line in proposed(project, 40).lines]
    assert again == places


@pytest.mark.slow
def test_as_many_as_the_reserve_lacks_or_as_are_asked_for(project: TinyProject) -> None:
    reviews = keep(project, finals(60))
    assert len(proposed(project).lines) == 30
    assert len(proposed(project, 3).lines) == 3
    lines = [reserve_of(review, reserve_id(review)) for review in reviews[:28]]
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", lines)
    found = proposed(project)
    assert (len(found.lines), found.reserve) == (2, 28)
    assert not inputs(found) & {line["input"] for line in lines}


@pytest.mark.slow
def test_a_full_reserve_is_said_and_more_may_be_asked_for(project: TinyProject) -> None:
    reviews = keep(project, finals(40))
    lines = [reserve_of(review, reserve_id(review)) for review in reviews[:30]]
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", lines)
    found = proposed(project)
    assert found.lines == ()
    assert "has all cases that a verdict looks at" in found.notes[0]
    assert len(proposed(project, 5).lines) == 5


def test_slices_keep_the_shares_of_the_cases_at_every_beginning(project: TinyProject) -> None:
    keep(project, finals(90, industries=("logistics", "logistics", "health")))
    values = [line["slices"]["industry"] for line in proposed(project).lines]
    assert Counter(values[:10]) == {"logistics": 5, "health": 5}
    assert Counter(values) == {"logistics": 15, "health": 15}


def test_reviews_without_slices_are_proposed_as_they_are(project: TinyProject) -> None:
    keep(project, finals(5, industries=()))
    assert ["slices" in line for line in proposed(project).lines] == [False] * 5


def test_what_any_training_set_holds_is_left_out(project: TinyProject) -> None:
    reviews = keep(project, finals(10))
    taught = [{"input": review.input.upper(), "output": "x"} for review in reviews[:4]]
    project.write_lines("adapters/datasets/some.jsonl", taught)
    found = proposed(project)
    assert inputs(found) == {review.input for review in reviews[4:]}
    assert found.left_out["taught"] == 4


def test_where_a_training_set_is_not_known_only_what_was_set_aside_is_proposed(
    project: TinyProject,
) -> None:
    reviews = keep(project, finals(40))
    made = project.adapter("old", task=TASK)
    made.training = None
    made.write()
    found = proposed(project, 40)
    aside = {review.input for review in reviews if is_set_aside(review.input, 0.2)}
    assert inputs(found) == aside and 0 < len(aside) < 40
    assert "old does not say what it was trained on" in found.notes[0]


def test_a_training_set_that_an_adapter_read_by_other_columns_counts(
    project: TinyProject,
) -> None:
    reviews = keep(project, finals(10))
    rows = [{"asked": r.input, "sent": "x", "input": "n", "output": f"n {n}"}
            for n, r in enumerate(reviews[:5])]  # fmt: skip
    file = project.write_lines("adapters/datasets/odd.jsonl", rows)
    from harness.workspace.importers.example_columns import ExampleColumns

    columns = ExampleColumns.parsed(("input=asked", "output=sent"), ("input", "output"))
    scan = scan_training_set(file, columns)
    made = project.adapter("v1", task=TASK)
    assert made.training is not None
    about = {"name": "odd.jsonl", "fingerprint": scan.fingerprint, "examples": 5}
    made.training["dataset"] = about | {"columns": columns.as_table()}
    made.write()
    assert inputs(proposed(project)) == {review.input for review in reviews[5:]}


def test_cases_of_any_benchmark_and_inputs_like_another_are_left_out(
    project: TinyProject,
) -> None:
    one, two, three, *_ = finals(6)
    like = replace(one, id="alike", input=three.input.replace("Person2", "Person9"))
    keep(
        project,
        [
            like,
            replace(one, input=str(CASES[0]["input"]).upper()),
            replace(two, input="say YES politely"),
            three,
        ],
    )
    found = proposed(project)
    assert len(found.lines) == 1 and inputs(found) < {like.input, three.input}
    assert (found.left_out["held"], found.left_out["alike"]) == (2, 1)


def test_the_newest_final_of_an_input_is_proposed_and_no_rejected_one(
    project: TinyProject,
) -> None:
    one, two, three, four, *_ = finals(6)
    keep(
        project,
        [
            one,
            replace(one, id="later", at="2027-01-01T10:00:00Z", final="The last word."),
            replace(two, decision="rejected", final=None),
            replace(three, final="  "),
            replace(four, source=ON_BENCHMARK),
        ],
    )
    assert [line["ideal"] for line in proposed(project).lines] == ["The last word."]


def test_accepted_and_edited_finals_keep_their_share_and_it_is_said(project: TinyProject) -> None:
    reviews = keep(project, finals(40, edited=20))
    taught = [{"input": review.input, "output": "x"} for review in reviews[4:20]]
    project.write_lines("adapters/datasets/some.jsonl", taught)
    found = proposed(project, 40)
    edited = {review.input for review in reviews[:20]}
    assert len(inputs(found) & edited) == 4 == len(inputs(found) - edited)
    assert found.left_out["leaning"] == 16


def test_what_a_person_declined_does_not_come_again(project: TinyProject) -> None:
    one, *others = keep(project, finals(4))
    said = Confirmation(reserve_id(one), False, "Ana", "2026-11-30T10:00:00Z")
    add_confirmations(project.folder / "benchmarks" / TASK, [said])
    found = proposed(project)
    assert inputs(found) == {review.input for review in others}
    assert found.left_out["declined"] == 1


def test_made_up_reviews_are_counted(project: TinyProject) -> None:
    keep(project, [replace(one, source=SYNTHETIC) for one in finals(3)])
    assert proposed(project).synthetic == 3


def test_a_conversation_is_proposed_whole(project: TinyProject) -> None:
    one, two = finals(2)
    turns = (Message("user", "Are you open?"), Message("assistant", "On Sunday?"))
    keep(project, [replace(one, turns=turns, system="Be brief.", context=("page",)), two])
    lines = {line["ideal"]: line for line in proposed(project).lines}
    found = lines[one.final]
    assert [turn["content"] for turn in found["messages"]] == [
        "Are you open?", "On Sunday?", one.input,
    ]  # fmt: skip
    assert found["system"] == "Be brief." and "input" not in found
    assert "context" not in found, "no prompt of this benchmark shows it"


def test_context_and_the_benchmarks_own_system_text(project: TinyProject) -> None:
    with_context = BENCHMARK.replace("{input}", "{context} {input}")
    project.benchmark(TASK, with_context, CASES)
    one, *_ = finals(1)
    keep(project, [replace(one, system="You write first lines.", context=("page",))])
    (found,) = proposed(project).lines
    assert found["context"] == ["page"] and "system" not in found


def test_texts_are_masked_as_the_settings_ask(project: TinyProject) -> None:
    project.settings('\n[tool.harness.privacy]\nredact = ["email"]\n')
    one, *_ = finals(1)
    keep(project, [replace(one, input=f"{one.input} ana@example.com", final="To ana@example.com")])
    (found,) = proposed(project).lines
    assert "ana@example.com" not in json.dumps(found) and found["ideal"] == "To [email]"


def test_nothing_is_proposed_where_no_text_may_be_shown(project: TinyProject) -> None:
    project.settings("\n[tool.harness.privacy]\ntexts = false\n")
    keep(project, finals(3))
    with refused("leaves texts out", RequestError):
        proposed(project)


def test_an_empty_store_is_said(project: TinyProject) -> None:
    found = proposed(project)
    assert (found.lines, found.finals) == ((), 0)
    assert "reviews import FILE" in found.notes[0]


def test_a_benchmark_is_named_by_its_name_or_its_task(project: TinyProject) -> None:
    opened = project.project
    for name, task in ((TASK, None), (None, TASK), (None, None), (TASK, TASK)):
        assert reserved_benchmark(opened, name, task).name == TASK
    with pytest.raises(BenchmarkError, match="a guard benchmark has no reserve"):
        reserved_benchmark(opened, GUARD, None)
    with pytest.raises(BenchmarkError, match="no such benchmark, did you mean `openers`"):
        reserved_benchmark(opened, "opners", None)
    with pytest.raises(RequestError, match="--task support: benchmark openers is for openers"):
        reserved_benchmark(opened, TASK, "support")


def test_a_file_that_may_hold_answers_is_not_written_over(
    project: TinyProject, tmp_path: Path
) -> None:
    keep(project, finals(3))
    found, file = proposed(project), tmp_path / "p.jsonl"
    assert write_proposals(found, file) == str(file)
    assert [json.loads(line) for line in file.read_text("utf-8").splitlines()] == list(found.lines)
    with pytest.raises(RequestError, match="may hold answers of a person"):
        write_proposals(found, file)
    nowhere: Any = replace(found, lines=())
    assert write_proposals(nowhere, tmp_path / "none.jsonl") == ""
    assert not (tmp_path / "none.jsonl").exists()
