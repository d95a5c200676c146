"""A review keeps the conversation and the context that its output answered, on every way."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.flows.queries import blind_pairs, review_queue
from harness.flows.reviews.export import ReviewFilter, candidate_lines, raw_lines, training_lines
from harness.flows.reviews.file_review import file_review
from harness.flows.reviews.waiting import read_waiting
from harness.records import Message, Review
from harness.store.review_rows import content_of
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject
from tests.fakes.refusals import refused
from tests.flows.reviewed import brought, kept

OFFERED = [
    {"role": "user", "content": "I would like a table for two on Friday evening"},
    {"role": "assistant", "content": "We have one at eight by the window. Shall I book it?"},
]
TURNS = tuple(Message(turn["role"], turn["content"]) for turn in OFFERED)  # type: ignore[arg-type]
YES = {"role": "user", "content": "yes please"}
BASIS = {"at": "2026-10-01T09:00:00Z", "task": TASK, "adapter": "base", "output": "I will book."}


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"r{number}", **BASIS, "final": "Booked for Friday at eight, see you.", **more}


def bring(project: TinyProject, *rows: dict[str, Any]) -> list[str]:
    return brought(project, project.write_lines("r.jsonl", list(rows))).bad


def exported(project: TinyProject, shape: Any) -> list[dict[str, Any]]:
    with closing(project.store()) as store:
        return list(shape(project.project, store, ReviewFilter()))


def test_a_conversation_comes_in_and_its_last_turn_is_the_input(project: TinyProject) -> None:
    system = {"role": "system", "content": "You take bookings."}
    assert not bring(project, row(1, messages=[system, *OFFERED, YES], context=["Open at six."]))
    (review,) = kept(project)
    assert (review.input, review.turns) == ("yes please", TURNS)
    assert (review.system, review.context) == ("You take bookings.", ("Open at six.",))


def test_raw_lines_of_conversations_come_in_again_as_they_were(
    project: TinyProject, tmp_path: Path
) -> None:
    bring(
        project,
        row(1, messages=[*OFFERED, YES], context="Open at six."),
        row(2, input="plain"),
        row(3, input="with a text", system="s", context=["a", "b"]),
    )
    with closing(project.store()) as store:
        found = list(raw_lines(store, ReviewFilter()))
    assert not {"messages", "turns", "system", "context"} & found[1].keys()
    other = TinyProject(tmp_path / "other")
    file = other.write_lines("raw.jsonl", found)
    assert not brought(other, file).bad
    assert kept(other) == kept(project)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"messages": OFFERED}, "ends with the assistant's turn"),
        ({"messages": [YES | {"role": "tool"}]}, "`role` is 'tool'"),
        ({"messages": [YES], "input": "yes"}, "has `input` and `messages`"),
        ({"messages": "yes"}, "`messages`: is not JSON"),
        ({}, "`input` is empty"),
        ({"input": "x", "context": [3, {}]}, "`context` is a table"),
    ],
)
def test_a_row_that_is_no_conversation_is_named(
    project: TinyProject, more: dict[str, Any], said: str
) -> None:
    whole = row(1, messages=[YES], context="")
    (bad,) = bring(project, whole, row(2, **more))
    assert "r.jsonl:2: " in bad and said in bad


def test_the_newest_final_is_that_of_the_whole_conversation(project: TinyProject) -> None:
    greeting = {"role": "assistant", "content": "Do you want the newsletter?"}
    bring(
        project,
        row(1, messages=[*OFFERED, YES], final="first"),
        row(2, messages=[greeting, YES], final="other talk"),
        row(3, messages=[*OFFERED, YES], final="last", at="2026-10-02T09:00:00Z"),
        row(4, input="yes please", context="one", final="of one"),
        row(5, input="yes please", context="two", final="of two"),
    )
    found = exported(project, training_lines)
    assert found[0] == {
        "messages": [
            greeting | {"weight": 0},
            YES,
            {"role": "assistant", "content": "other talk"},
        ],
        "slices": {},
    }
    offered = [OFFERED[0], OFFERED[1] | {"weight": 0}]  # read with the final, not learnt
    assert found[1]["messages"] == [*offered, YES, {"role": "assistant", "content": "last"}]
    assert [(line["context"], line["output"]) for line in found[2:]] == [
        (["one"], "of one"), (["two"], "of two"),
    ]  # fmt: skip


def test_a_proposed_case_is_a_conversation_that_a_benchmark_reads(project: TinyProject) -> None:
    bring(project, row(1, messages=[*OFFERED, YES], context="Open at six.", final=""))
    (line,) = exported(project, candidate_lines)
    assert line == {
        "id": "r1", "messages": [*OFFERED, YES], "context": ["Open at six."], "slices": {},
    }  # fmt: skip
    showing = BENCHMARK.replace("{input}", "{context} {input}")
    project.benchmark(TASK, showing, [*CASES, line | {"ideal": "Booked."}])
    assert project.project.benchmark(TASK).cases[-1].turns == TURNS


def test_a_conversation_of_the_benchmark_is_no_training_data_and_its_last_turn_alone_is(
    project: TinyProject,
) -> None:
    case = {"id": "talk", "messages": [*OFFERED, YES], "ideal": "Booked."}
    project.benchmark(TASK, BENCHMARK, [*CASES, case])
    bring(project, row(1, messages=[*OFFERED, YES]), row(2, input="yes please"))
    assert [line["input"] for line in exported(project, training_lines)] == ["yes please"]


def test_the_content_of_a_plain_review_is_hashed_as_before() -> None:
    plain = Review("r", "2026-10-01T09:00:00.000Z", TASK, "v1", "d", "in", "out", "rejected")
    said = "deac1688ca7be053bec1c3b693a5170da55ec623222078ddedf557ac93bc64c0"
    assert content_of(plain) == said
    assert content_of(replace(plain, turns=TURNS)) != said


@pytest.mark.medium
def test_outputs_of_one_last_turn_wait_apart_and_are_filed_with_their_turns(
    project: TinyProject,
) -> None:
    talks = [
        {"id": name, "messages": [OFFERED[0] | {"content": name}, OFFERED[1], YES], "ideal": "Yes"}
        for name in ("on Friday", "on Sunday")
    ]
    project.benchmark(TASK, BENCHMARK, [*CASES, *talks])
    outputs = [{"case": case["id"], "output": "Booked."} for case in [*CASES, *talks]]
    for name in ("v1", "base"):
        project.record(name)
        project.write_lines(f"recorded/{name}/{TASK}.jsonl", outputs)
    waits = {"task": TASK, "adapter": "v1", "output": "Sure.", "messages": [*OFFERED, YES],
             "context": "Open at six."}  # fmt: skip
    project.write_lines("reports/waiting/w.jsonl", [waits])
    (one,) = read_waiting(project.project)
    assert (one.input, one.turns, one.context) == ("yes please", TURNS, ("Open at six.",))
    import harness

    harness.evaluate("v1", project=project.folder)
    with closing(project.store()) as store:
        queue = review_queue(project.project, store, adapter="v1").waiting
        talking = [each for each in queue if each.input == "yes please"]
        assert [each.where for each in talking] == ["w.jsonl", "on Friday", "on Sunday"]
        review = file_review(project.project, store, talking[0], "accepted", reviewer="Kim")
        assert (review.input, review.turns, review.context) == (one.input, one.turns, one.context)
        assert store.reviews.by_ids([review.id]) == [review]
        left = review_queue(project.project, store, adapter="v1").waiting
        assert talking[0].key not in {each.key for each in left}
        assert len(left) == len(queue) - 1
        assert blind_pairs(project.project, store, TASK, "v1", "v1") == ()


def test_a_waiting_line_that_is_no_conversation_is_named(project: TinyProject) -> None:
    bad = {"task": TASK, "adapter": "v1", "output": "o", "messages": [OFFERED[1]]}
    project.write_lines("reports/waiting/w.jsonl", [bad])
    with refused(r"w\.jsonl:1: `messages` ends with the assistant's turn", DataError):
        list(read_waiting(project.project))
