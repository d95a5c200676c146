"""A case may be a conversation, with a system text and context; what is no such case is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.flows.project import rules
from harness.records import Benchmark, Example, Generation, Message
from harness.workspace.project.benchmarks import read_benchmark
from tests.fakes.refusals import refused

TOML = 'task = "t"\n'
WITH_CONTEXT = TOML + 'template = "{context} | {input}"\n'
USER = {"role": "user", "content": "a table for two"}
ASKED = {"role": "assistant", "content": "At what time?"}
LAST = {"role": "user", "content": "at eight"}


def read(root: Path, toml: str = TOML, *cases: dict[str, Any]) -> Benchmark:
    folder = root / "b"
    folder.mkdir(exist_ok=True)
    (folder / "benchmark.toml").write_text(toml, encoding="utf-8")
    lines = [{"id": f"c{n}", "ideal": "yes"} | case for n, case in enumerate(cases or [{}])]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "cases.jsonl").write_text(text, encoding="utf-8")
    return read_benchmark(root, "b", Generation(), rules())


def test_the_last_turn_is_the_input_and_those_before_it_are_turns(tmp_path: Path) -> None:
    (case,) = read(tmp_path, TOML, {"messages": [USER, ASKED, LAST]}).cases
    assert case.input == "at eight" and case.system is None
    assert case.turns == (
        Message("user", "a table for two"),
        Message("assistant", "At what time?"),
    )


@pytest.mark.parametrize("content", ["You take bookings.", ""])
def test_a_system_turn_is_the_cases_system_text(tmp_path: Path, content: str) -> None:
    system = {"role": "system", "content": content}
    (case,) = read(tmp_path, TOML, {"messages": [system, LAST]}).cases
    assert (case.system, case.turns, case.input) == (content, (), "at eight")
    (beside,) = read(tmp_path, TOML, {"system": content, "messages": [LAST]}).cases
    assert beside == case


@pytest.mark.parametrize(
    "messages", [[USER, LAST], [ASKED, LAST]], ids=["two of the user", "a greeting first"]
)
def test_turns_come_in_the_order_that_people_wrote_them(
    tmp_path: Path, messages: list[dict[str, str]]
) -> None:
    (case,) = read(tmp_path, TOML, {"messages": messages}).cases
    assert [turn.content for turn in case.turns] == [messages[0]["content"]]


@pytest.mark.parametrize(
    ("context", "texts"),
    [("one", ("one",)), (["one", "two"], ("one", "two")), ([], ()), ("", ()), (" \n", ())],
)
def test_context_is_one_text_or_several_and_none_where_nothing_was_found(
    tmp_path: Path, context: object, texts: tuple[str, ...]
) -> None:
    (case,) = read(tmp_path, WITH_CONTEXT, {"input": "q", "context": context}).cases
    assert case.context == texts


def test_an_example_may_be_a_conversation_with_context(tmp_path: Path) -> None:
    toml = WITH_CONTEXT + (
        '[[examples]]\ninput = "i"\ncontext = "c"\noutput = "o"\n'
        '[[examples]]\nmessages = [{role = "user", content = "u"},'
        ' {role = "assistant", content = "a"}, {role = "user", content = "i"}]\noutput = "o"\n'
    )
    assert read(tmp_path, toml, {"input": "q"}).examples == (
        Example("i", "o", (), ("c",)),
        Example("i", "o", (Message("user", "u"), Message("assistant", "a"))),
    )


TURNS = {
    "both": ({"input": "x", "messages": [LAST]}, "has `input` and `messages`"),
    "no turn": ({"messages": []}, "`messages` is empty, one turn of the user"),
    "a text": ({"messages": "hi"}, "`messages` is a text, a list of turns is needed"),
    "a table": ({"messages": {}}, "`messages` is a table, a list"),
    "null": ({"messages": None}, "`messages` is missing, a list of turns"),
    "a turn is a text": ({"messages": ["hi"]}, "turn 1 of `messages`: is a text, a table"),
    "only a system turn": (
        {"messages": [{"role": "system", "content": "s"}]}, "ends with the system's turn",
    ),
    "the answer is a turn": (
        {"messages": [USER, ASKED]}, "ends with the assistant's turn, the user's is last: what",
    ),
    "a tool": (
        {"messages": [{"role": "tool", "content": "3"}, LAST]},
        "turn 1 of `messages`: `role` is 'tool', allowed are system, user, assistant",
    ),
    "no role": ({"messages": [{"content": "x"}]}, "turn 1 of `messages`: `role` is missing"),
    "a late system turn": (
        {"messages": [USER, {"role": "system", "content": "s"}, LAST]},
        "turn 2 of `messages`: is the system's, which is allowed as the first turn only",
    ),
    "blank": ({"messages": [{"role": "user", "content": " "}]}, "`content` is empty"),
    "parts": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "turn 1 of `messages`: `content` is a list, a text is needed",
    ),
    "a NUL": ({"messages": [{"role": "user", "content": "a\0"}]}, "holds a NUL character"),
    "a key too many": (
        {"messages": [LAST | {"name": "Ana"}]}, "turn 1 of `messages`: unknown key `name`",
    ),
    "two system texts": (
        {"system": "s", "messages": [{"role": "system", "content": "t"}, LAST]},
        "has `system` and a system turn",
    ),
    "a system text is a number": ({"input": "x", "system": 3}, "`system` is a number"),
    "neither": ({}, "`input` is missing, a text is needed"),
}  # fmt: skip


@pytest.mark.parametrize(("case", "said"), TURNS.values(), ids=TURNS)
def test_what_is_no_conversation_is_named_with_its_line(
    tmp_path: Path, case: dict[str, Any], said: str
) -> None:
    with refused(rf"cases\.jsonl:2: .*{said}"):
        read(tmp_path, TOML, {"input": "fine"}, case)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (3, "`context` is a number"), ({"a": "b"}, "`context` is a table"),
        (["a", " "], "`context` has one that is blank"),
        (["a", None], "`context` has one that is missing"),
        ("a\0", "`context` is a text with a NUL"),
    ],
)  # fmt: skip
def test_context_that_is_no_text_is_named(tmp_path: Path, context: object, said: str) -> None:
    with refused(rf"cases\.jsonl:1: {said}"):
        read(tmp_path, WITH_CONTEXT, {"input": "q", "context": context})


def test_context_that_no_prompt_would_show_is_refused(tmp_path: Path) -> None:
    said = r"has `context`, but `template` of benchmark\.toml has no \{context\}"
    with refused(rf"cases\.jsonl:1: {said}"):
        read(tmp_path, TOML, {"input": "q", "context": "c"})
    toml = TOML + '[[examples]]\ninput = "i"\ncontext = "c"\noutput = "o"\n'
    with refused(rf"\[\[examples\]\] 1: {said}"):
        read(tmp_path, toml, {"input": "q"})


def test_an_example_has_no_system_text(tmp_path: Path) -> None:
    toml = TOML + '[[examples]]\noutput = "o"\n'
    with refused(r"\[\[examples\]\] 1: unknown key `system`"):
        read(tmp_path, toml + 'input = "i"\nsystem = "s"\n', {"input": "q"})
    turns = 'messages = [{role = "system", content = "s"}, {role = "user", content = "i"}]\n'
    with refused(r"\[\[examples\]\] 1: has a system turn in `messages`"):
        read(tmp_path, toml + turns, {"input": "q"})


def test_a_template_needs_the_input_and_may_have_the_context(tmp_path: Path) -> None:
    with refused(r"`template` has no \{input\}"):
        read(tmp_path, TOML + 'template = "{context}"', {"input": "q"})
    assert read(tmp_path, WITH_CONTEXT, {"input": "q"}).cases[0].context == ()


def test_whatever_a_case_is_given_is_in_the_fingerprint(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [
        {"input": "at eight"}, {"input": "at eight", "system": ""},
        {"input": "at eight", "system": "s"}, {"input": "at eight", "context": "c"},
        {"input": "at eight", "context": ["c", "d"]}, {"input": "at eight", "context": "c\n\nd"},
        {"messages": [USER, ASKED, LAST]}, {"messages": [USER, USER, LAST]},
    ]  # fmt: skip
    found = {read(tmp_path, WITH_CONTEXT, case).fingerprint for case in given}
    assert len(found) == len(given)


def test_one_turn_written_as_messages_is_the_same_case_as_an_input(tmp_path: Path) -> None:
    one = read(tmp_path, TOML, {"input": "at eight"})
    assert read(tmp_path, TOML, {"messages": [LAST]}) == one
