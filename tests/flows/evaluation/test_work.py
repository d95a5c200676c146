"""Prompts: the instruction, examples for `base+prompt` only, the template by replacement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.flows.evaluation.work import messages_for, prompts_for
from harness.records import BASE, BASE_PROMPT, Benchmark, Case, Example, Generation, Message

CASE = Case("a", "Ana, Delta Freight", ("Hi Ana!",))
BENCHMARK = Benchmark(
    name="openers",
    task="openers",
    cases=(CASE,),
    fingerprint="f",
    system="You write first lines.",
    template="Write: {input}\nShort.",
    examples=(Example("Bo, Orca", "Hi Bo!"), Example("Cy, Nord", "Hi Cy!")),
)


def test_the_instruction_comes_first_and_the_template_holds_the_input() -> None:
    assert messages_for(BENCHMARK, CASE.input) == (
        Message("system", "You write first lines."),
        Message("user", "Write: Ana, Delta Freight\nShort."),
    )


def test_a_blank_instruction_is_no_turn() -> None:
    turns = messages_for(replace(BENCHMARK, system=" \n"), CASE.input)
    assert [turn.role for turn in turns] == ["user"]


@pytest.mark.parametrize("adapter", ["v1", BASE])
def test_examples_are_for_nobody_else(adapter: str) -> None:
    (prompt,) = prompts_for(BENCHMARK, CASE, adapter)
    assert [turn.role for turn in prompt.messages] == ["system", "user"]


def test_base_prompt_sees_the_examples_in_the_same_template() -> None:
    (prompt,) = prompts_for(BENCHMARK, CASE, BASE_PROMPT)
    assert [(turn.role, turn.content) for turn in prompt.messages] == [
        ("system", "You write first lines."),
        ("user", "Write: Bo, Orca\nShort."),
        ("assistant", "Hi Bo!"),
        ("user", "Write: Cy, Nord\nShort."),
        ("assistant", "Hi Cy!"),
        ("user", "Write: Ana, Delta Freight\nShort."),
    ]


@pytest.mark.parametrize(
    "text", ["{0.__class__}", "{input.__class__}", "{input}", "%s $input \\1 \\g<0>", "{", "}}{{"]
)
def test_whatever_stands_in_an_input_stays_as_it_is(text: str) -> None:
    assert messages_for(BENCHMARK, text)[-1].content == f"Write: {text}\nShort."


def test_one_prompt_for_each_sample() -> None:
    warm = replace(BENCHMARK, generation=Generation(samples=3, temperature=0.7))
    prompts = prompts_for(warm, CASE, "v1")
    assert [prompt.sample for prompt in prompts] == [0, 1, 2]
    assert {prompt.case for prompt in prompts} == {"a"}
    assert {prompt.ideals for prompt in prompts} == {("Hi Ana!",)}
