"""Rows of training data become examples: turns, weights, system texts, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.records import Message
from harness.records.training_example import TrainingExample
from harness.workspace.importers.example_formats import FORMATS, format_of
from harness.workspace.project.training_data import (
    data_fingerprint,
    example_object,
    read_training_set,
    scan_training_set,
)
from tests.fakes.refusals import refused


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


FOUR = [turn("user", "a"), turn("assistant", "b"), turn("user", "c"), turn("assistant", "d")]


def one(folder: Path, row: dict[str, Any]) -> TrainingExample:
    file = folder / "set.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    (example,) = read_training_set(file).examples
    return example


BEFORE = (Message("user", "a"), Message("assistant", "b"))


def test_every_turn_of_the_assistant_is_learnt(tmp_path: Path) -> None:
    found = one(tmp_path, {"messages": FOUR})
    assert (found.input, found.output, found.turns, found.learnt) == ("c", "d", BEFORE, (1,))


def test_a_turn_of_weight_0_is_given_and_not_learnt(tmp_path: Path) -> None:
    turns = [FOUR[0], turn("assistant", "b", weight=0), *FOUR[2:]]
    found = one(tmp_path, {"messages": turns})
    assert (found.turns, found.learnt) == (BEFORE, ())


def test_an_example_ends_with_the_last_turn_that_is_learnt(tmp_path: Path) -> None:
    turns = [*FOUR[:3], turn("assistant", "d", weight=0)]
    found = one(tmp_path, {"messages": turns})
    assert (found.input, found.output, found.turns) == ("a", "b", ())
    assert scan_training_set(tmp_path / "set.jsonl").notes == (
        "1 examples go on after their last learnt turn; that is left out",
    )


def test_the_turns_of_a_prompt_are_not_learnt(tmp_path: Path) -> None:
    found = one(tmp_path, {"prompt": FOUR[:3], "completion": FOUR[3:]})
    assert (found.turns, found.learnt, found.output) == (BEFORE, (), "d")


def test_history_is_learnt_as_llama_factory_does(tmp_path: Path) -> None:
    row = {"instruction": "c", "output": "d", "history": [["a", "b"]], "system": "Be kind."}
    found = one(tmp_path, row)
    assert (found.turns, found.learnt, found.system) == (BEFORE, (1,), "Be kind.")
    assert found == one(tmp_path, {"messages": [turn("system", "Be kind."), *FOUR]})


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_set_is_learnt_with_its_own_system_text(tmp_path: Path, role: str) -> None:
    found = one(tmp_path, {"messages": [turn(role, "Be kind."), *FOUR]})
    assert (found.system, found.turns) == ("Be kind.", BEFORE)


def test_a_blank_system_text_is_none(tmp_path: Path) -> None:
    assert one(tmp_path, {"input": "a", "output": "b", "system": " "}).system is None


def test_what_is_learnt_is_what_the_fingerprint_is_of(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"messages": FOUR},
        {"messages": [turn("system", "Be kind."), *FOUR]},
        {"messages": [FOUR[0], turn("assistant", "b", weight=0), *FOUR[2:]]},
        {"messages": FOUR[2:]},
        {"messages": [turn("system", "Be kind."), *FOUR[2:]]},
        {"messages": [turn("user", "x"), *FOUR[1:]]},
    ]
    found = [data_fingerprint([one(tmp_path, row)]) for row in rows]
    assert len(set(found)) == len(rows)
    shared = {
        "conversations": [
            {"from": "human", "value": "a"},
            {"from": "gpt", "value": "b"},
            {"from": "human", "value": "c"},
            {"from": "gpt", "value": "d"},
        ],
    }
    assert data_fingerprint([one(tmp_path, shared)]) == found[0]
    pair = {"prompt": FOUR[:3], "completion": FOUR[3:]}
    assert data_fingerprint([one(tmp_path, pair)]) == found[2]


@pytest.mark.parametrize("weights", [(1, 1), (0, 1), (None, None)])
@pytest.mark.parametrize("system", [None, "Be kind."])
def test_an_example_is_written_so_that_it_reads_back(
    tmp_path: Path, weights: tuple[int | None, int | None], system: str | None
) -> None:
    turns = [dict(one) for one in FOUR]
    for place, weight in zip((1, 3), weights, strict=True):
        turns[place]["weight"] = weight
    example = one(tmp_path, {"messages": turns} | ({"system": system} if system else {}))
    assert one(tmp_path, example_object(example)) == example
    short = one(tmp_path, {"messages": ([turn("system", system)] if system else []) + FOUR[2:]})
    assert one(tmp_path, example_object(short)) == short


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no list": ({"messages": 7}, "`messages` is a number, a list of turns is needed"),
    "no turn": ({"messages": []}, "`messages` is empty, a list of turns is needed"),
    "a turn that is a text": ({"messages": ["a"]}, "turn 1 of `messages` is a text"),
    "no role": ({"messages": [{"content": "a"}]}, "turn 1 of `messages` has no role"),
    "a tool": (
        {"messages": [*FOUR[:2], turn("tool", "x"), *FOUR]},
        "turn 3 of `messages` has the role 'tool', known are system, user and assistant",
    ),
    "a picture": (
        {"messages": [turn("user", [{"type": "image_url", "image_url": "x"}]), FOUR[1]]},
        "the content of turn 1 of `messages` is 'image_url', a text is needed",
    ),
    "no content": (
        {"messages": [FOUR[0], {"role": "assistant", "tool_calls": [1]}]},
        "the content of turn 2 of `messages` is missing, a text is needed",
    ),
    "no answer": ({"messages": FOUR[:1]}, "teaches nothing: no turn is the assistant's"),
    "no answer that is learnt": (
        {"messages": [FOUR[0], turn("assistant", "b", weight=0)]},
        "teaches nothing: every turn of the assistant has weight 0",
    ),
    "an answer to nothing": (
        {"messages": FOUR[1:]},
        "turn 1 is the assistant's, a user's turn has to stand before it",
    ),
    "two answers": (
        {"messages": [*FOUR[:2], turn("assistant", "b")]},
        "turn 3 is the assistant's, a user's turn has to stand before it",
    ),
    "a late system turn": (
        {"messages": [*FOUR[:2], turn("system", "x"), *FOUR]},
        "turn 3 is the system's, only the first one may be",
    ),
    "a weight on the user's turn": (
        {"messages": [turn("user", "a", weight=1), FOUR[1]]},
        "turn 1 of `messages` has a weight, only the assistant's turns are learnt",
    ),
    "an empty answer": ({"messages": [FOUR[0], turn("assistant", " ")]}, "turn 2 is empty"),
    "two system texts": (
        {"system": "x", "messages": [turn("system", "y"), *FOUR]},
        "has a `system` and a system turn that differ, one is needed",
    ),
    "an empty task": ({"instruction": "", "input": "", "output": "a"}, "`instruction` is empty"),
    "a round of one": (
        {"instruction": "a", "output": "b", "history": [["x"]]},
        "round 1 of `history` is a list, two texts are needed",
    ),
}


@pytest.mark.parametrize(("row", "line"), WRONG.values(), ids=WRONG)
def test_a_row_that_cannot_be_learnt_is_refused_with_its_turn(
    tmp_path: Path, row: dict[str, Any], line: str
) -> None:
    with refused(f"set.jsonl:1: {line}", DataError):
        one(tmp_path, row)


def test_a_key_of_a_turn_is_not_dropped_in_silence(tmp_path: Path) -> None:
    row = {"messages": [turn("user", "a", name="ana"), turn("assistant", "b", tool_calls=None)]}
    with refused("unknown key `messages.name`.*--ignore messages.name leaves it out", DataError):
        one(tmp_path, row)


@pytest.mark.parametrize("kind", FORMATS, ids=[one.name for one in FORMATS])
def test_a_format_is_recognised_by_the_keys_that_it_needs(kind: Any) -> None:
    assert format_of(kind.needs) is kind
