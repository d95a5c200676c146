"""Prompts: the instruction, examples for `base+prompt` only, the template by replacement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.engines.local.prompts import prompt_ids
from harness.flows.evaluation.work import filled, messages_for, prompts_for
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


# --- turns, system texts and context ------------------------------------------------------------

TALK = (Message("user", "A table {input} for two"), Message("assistant", "At what time?"))
BOOKING = Case("b", "at eight", ("Booked.",), turns=TALK)
RETRIEVING = replace(
    BENCHMARK,
    template="{context}\n\nQ: {input}",
    examples=(Example("Who?", "Ana.", context=("Ana leads.",)), Example("Why?", "To test.")),
)


def turns(benchmark: Benchmark, case: Case, adapter: str = "v1") -> list[tuple[str, str]]:
    (prompt,) = prompts_for(benchmark, case, adapter)
    return [(turn.role, turn.content) for turn in prompt.messages]


def test_the_template_is_around_the_last_turn_and_earlier_turns_stay_as_written() -> None:
    assert turns(BENCHMARK, BOOKING) == [
        ("system", "You write first lines."),
        ("user", "A table {input} for two"),
        ("assistant", "At what time?"),
        ("user", "Write: at eight\nShort."),
    ]


def test_a_case_may_have_another_system_text_or_none() -> None:
    other = replace(CASE, system="You are brief.")
    assert turns(BENCHMARK, other)[0] == ("system", "You are brief.")
    assert [role for role, _ in turns(BENCHMARK, replace(CASE, system=""))] == ["user"]


@pytest.mark.parametrize(
    ("context", "shown"), [((), ""), (("one",), "one"), (("one", "two"), "one\n\ntwo")]
)
def test_context_is_filled_in_and_several_texts_are_paragraphs(
    context: tuple[str, ...], shown: str
) -> None:
    case = replace(CASE, context=context)
    assert turns(RETRIEVING, case)[-1] == ("user", f"{shown}\n\nQ: Ana, Delta Freight")


def test_a_placeholder_in_a_text_is_a_text() -> None:
    found = filled("{context}|{input}|{context}", "{context} {input}", ("{input}", "{context}"))
    assert found == "{input}\n\n{context}|{context} {input}|{input}\n\n{context}"


def test_base_prompt_gets_the_context_of_the_case_and_of_the_examples() -> None:
    case = replace(BOOKING, context=("We open at six.",))
    assert turns(RETRIEVING, case, BASE_PROMPT) == [
        ("system", "You write first lines."),
        ("user", "Ana leads.\n\nQ: Who?"),
        ("assistant", "Ana."),
        ("user", "\n\nQ: Why?"),
        ("assistant", "To test."),
        ("user", "A table {input} for two"),
        ("assistant", "At what time?"),
        ("user", "We open at six.\n\nQ: at eight"),
    ]


def chatml() -> Any:
    """A tokenizer of bytes, which every text comes back from, with the template of ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made)
    tokenizer.chat_template = (
        "{% for turn in messages %}<|im_start|>{{ turn['role'] }}\n{{ turn['content'] }}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    return tokenizer


def test_a_multi_turn_prompt_is_what_the_template_makes_of_the_turns_by_hand() -> None:
    tokenizer = chatml()
    (prompt,) = prompts_for(BENCHMARK, replace(BOOKING, system="You take bookings."), "v1")
    by_hand = (
        "<|im_start|>system\nYou take bookings.<|im_end|>\n"
        "<|im_start|>user\nA table {input} for two<|im_end|>\n"
        "<|im_start|>assistant\nAt what time?<|im_end|>\n"
        "<|im_start|>user\nWrite: at eight\nShort.<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    ids = prompt_ids(tokenizer, prompt.messages)
    assert tokenizer.decode(ids) == by_hand
