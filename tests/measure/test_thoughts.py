"""What a thinking model thought is not what it answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measure import may_begin_inside, opens_thought, without_thoughts
from harness.records import Output


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>two plus two</think>\n\n4", "4"),
        ("<think>\n\n</think>\n\n4", "4"),
        ("  <think>a</think> 4 ", "4"),
        ("4", "4"),
        (" 4 \n", " 4 \n"),
        ("<think>a</think>one<think>b</think> two", "one\ntwo"),
        ("<think>is <think> a mark?</think>4", "4"),
        ("two plus two</think>4", "4"),
        ("<think>a</think>so</think>4", "4"),
        ("<think>a</think>", ""),
        ("1 < 2 <thinker> </ think>", "1 < 2 <thinker> </ think>"),
    ],
)
def test_only_the_answer_is_left(text, answer):
    assert without_thoughts(text) == answer


@pytest.mark.parametrize("text", ["<think>two plus", "<think>", "4 <think>", "a</think>b<think>c"])
def test_a_thought_that_never_ends_leaves_no_answer(text):
    assert without_thoughts(text) is None


def test_a_thought_that_the_prompt_began_ends_in_the_output_or_never():
    assert without_thoughts("so <think> it is</think> 4", opened=True) == "4"
    assert without_thoughts("two plus", opened=True) is None
    assert without_thoughts("<think>a</think>4", opened=True) == "4"


@pytest.mark.parametrize(
    ("prompt", "opened"),
    [
        ("<assistant><think>\n", True),
        ("<assistant><think>\n\n</think>\n\n", False),
        ("<assistant>", False),
        ("<user>what is <think>a</think>?<assistant><think>", True),
    ],
)
def test_whether_a_prompt_begins_a_thought(prompt, opened):
    assert opens_thought(prompt) is opened


def test_the_prompt_is_only_asked_where_the_output_does_not_tell():
    assert may_begin_inside("two plus")
    assert may_begin_inside("so <think> it is</think> 4")
    assert not may_begin_inside("<think>a</think>4")
    assert not may_begin_inside("a</think>4")


@given(st.text(), st.text(alphabet="ab <>/think"))
def test_an_answer_comes_out_as_it_was_written(thought, answer):
    if any(mark in thought + answer for mark in ("<think>", "</think>")):
        return
    assert without_thoughts(f"<think>{thought}</think>{answer}") == answer.strip()


def test_an_output_is_scored_without_its_thoughts_and_kept_with_them():
    output = Output("a", "<think>a</think>4", answer="4")
    assert (output.scored, output.text) == ("4", "<think>a</think>4")
    assert Output("a", "<think>", answer="", unended=True).scored == ""
