"""An ideal is weighed as a trainer would have taught it: TRL's own tokens, to the turn's end."""

from __future__ import annotations

import pytest

from harness.engines.local.chat_format import ChatFormat
from harness.errors import BenchmarkError
from harness.records import Message
from tests.fakes.refusals import refused
from tests.fakes.small_tokenizers import (
    CHATML,
    GEMMA,
    KINDS,
    LLAMA3,
    QWEN3,
    SPECIAL,
    TEMPLATES,
    small_tokenizer,
    trl_tokens,
)

USER = Message("user", "How many trucks do you run?")
SYSTEM = Message("system", "Be brief.")
TURNS = (USER, Message("assistant", "80 trucks."), Message("user", "At night?"))
IDEALS = ["Hi there, Delta Freight runs 80 trucks.", "  Grüße!\n\n", "\nThen stop", "", "1"]


def form(kind="byte level", template=CHATML, special=SPECIAL, source="base", **variables):
    return ChatFormat(small_tokenizer(kind, template, special), template, variables, source)


@pytest.mark.parametrize("turns", [(USER,), (SYSTEM, USER), TURNS], ids=["user", "system", "many"])
@pytest.mark.parametrize("family", TEMPLATES)
@pytest.mark.parametrize("kind", KINDS)
def test_prompt_and_ideal_are_the_tokens_of_trl_up_to_the_end_of_the_turn(kind, family, turns):
    template, end = TEMPLATES[family]
    made = form(kind, template)
    turns = made.turns(turns)
    assert made.end.text == end and made.end.token is not None
    for ideal in IDEALS:
        head, tail = made.pair(turns, ideal)
        whole, length = trl_tokens(made.tokenizer, turns, ideal)
        found = [*head, *tail]
        assert found == whole[: len(found)] and len(head) == length
        assert tail[-1] == made.tokenizer.convert_tokens_to_ids(end)
        assert tail.count(tail[-1]) == 1 and tail[-1] not in whole[len(found) + 1 :]


@pytest.mark.parametrize("family", TEMPLATES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_begins_twice(kind, family):
    made = form(kind, TEMPLATES[family][0])
    begin = made.tokenizer.bos_token_id
    assert made.ids((USER,)).count(begin) <= 1
    assert (made.ids((USER,))[0] == begin) == (family in ("llama-3", "gemma", "none"))


def test_the_first_word_of_an_ideal_is_not_the_first_of_a_text():
    """With `prepend_scheme = first` an ideal that is tokenized alone begins with `▁Hi`."""
    made = form("metaspace, first", CHATML)
    alone = made.tokenizer.encode("Hi there", add_special_tokens=False)
    _, tail = made.pair((USER,), "Hi there")
    assert made.tokenizer.convert_ids_to_tokens(alone)[0].startswith("▁")
    first = made.tokenizer.convert_ids_to_tokens([tail[0]])[0]
    assert first.startswith("H") and list(tail[:-1]) != alone


def test_an_ideal_that_merges_with_the_prompts_last_token_is_weighed_from_there():
    made = form("metaspace", None)
    own = made.ids((Message("user", "Thank you."),))
    head, tail = made.pair((Message("user", "Thank you."),), "\nThen stop")
    assert head == own[: len(head)]
    text = made.tokenizer.decode([*head, *tail], skip_special_tokens=True)
    assert text.strip() == "Thank you.\n\nThen stop"


# --- the end of a turn ----------------------------------------------------------------------------


def test_an_end_that_the_tokenizer_does_not_know_is_a_text():
    """ChatML on a base whose tokenizer has none of its tokens."""
    plain = [token for token in SPECIAL if "im_" not in token]
    made = form("byte level", CHATML, plain)
    assert (made.end.text, made.end.token, made.end.stop) == ("<|im_end|>", None, "<|im_end|>")
    _, tail = made.pair((USER,), "Hi there")
    assert made.tokenizer.decode(tail) == "Hi there<|im_end|>"
    written = made.tokenizer.encode("Hi<|im_end|>\n<|im_start|>", add_special_tokens=False)
    places = [n for n in range(1, len(written) + 1) if made.is_over(written[:n])]
    assert made.tokenizer.decode(written[: places[0]]).endswith("<|im_end|>")
    assert made.answer(written) == "Hi"


@pytest.mark.parametrize("behind", ["", "\n\n", " "])
def test_a_template_without_an_end_of_turn_ends_with_the_end_token(behind):
    template = "{% for m in messages %}" + "{{ m.role + ': ' + m.content + '" + behind + "' }}"
    made = form("byte level", template + "{% endfor %}{{ 'assistant: ' }}")
    if behind:
        made = form("byte level", template + "{% endfor %}")
    assert made.end.text == "</s>"
    _, tail = made.pair((USER,), "Hi there")
    assert made.tokenizer.decode(tail).endswith("Hi there</s>")


def test_a_base_without_an_end_token_has_an_end_where_its_template_has():
    for template, end in ((CHATML, "<|im_end|>"), (None, "")):
        tokenizer = small_tokenizer("byte level", template)
        tokenizer.eos_token = None
        made = ChatFormat(tokenizer, template, {})
        assert made.end.text == end
        assert tokenizer.decode(made.pair((USER,), "Hi")[1]) == f"Hi{end}"


# --- templates that change what they are given ----------------------------------------------------


def test_a_thought_that_only_the_whole_conversation_has_is_weighed_as_a_trainer_teaches_it():
    made = form("byte level", QWEN3)
    head, tail = made.pair((USER,), "Hi there")
    assert head == made.ids((USER,))
    assert made.tokenizer.decode(tail) == "<think>\n\n</think>\n\nHi there<|im_end|>"


def test_a_variable_that_opens_the_answer_leaves_the_ideal_alone():
    made = form("byte level", QWEN3, enable_thinking=False)
    head, tail = made.pair((USER,), "Hi there")
    assert head == made.ids((USER,)) and made.text((USER,)).endswith("</think>\n\n")
    assert made.tokenizer.decode(tail) == "Hi there<|im_end|>"


ODD = {
    "refuses an answer": "{% if messages[-1].role == 'assistant' %}{{ raise_exception('no') }}"
    "{% endif %}{{ messages[-1].content }}\nA:\n",
    "drops an answer": "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
    "\nA:\n",
    "shouts": "{% for m in messages %}{{ m.content | upper }}{% endfor %}\nA:\n",
    "forgets the question": "{{ 'Q: ' + messages[-1].content if add_generation_prompt else "
    "'A: ' + messages[-1].content + '</s>' }}{{ '\nA:\n' if add_generation_prompt }}",
}


@pytest.mark.parametrize("template", ODD.values(), ids=ODD)
def test_a_template_that_loses_the_ideal_or_the_prompt_is_not_followed(template):
    made = form("byte level", template)
    head, tail = made.pair((USER,), "Hi there")
    assert head == made.ids((USER,))
    assert made.tokenizer.decode(tail) == "Hi there</s>"


# --- a template without system role ---------------------------------------------------------------

DROPS = "{% for m in messages if m.role != 'system' %}{{ m.content }}</s>{% endfor %}"


@pytest.mark.parametrize("template", [GEMMA, DROPS], ids=["refuses", "drops"])
def test_a_system_text_without_a_place_goes_into_the_first_user_turn(template):
    made = form("byte level", template)
    assert made.folds_system
    asked = made.text((SYSTEM, *TURNS))
    assert asked == made.text((Message("user", f"Be brief.\n\n{USER.content}"), *TURNS[1:]))
    assert asked.count("Be brief.") == 1
    assert made.described["system"] == "in the first user turn"


@pytest.mark.parametrize("template", [CHATML, LLAMA3, None], ids=["chatml", "llama-3", "none"])
def test_a_template_with_a_system_role_gets_it(template):
    made = form("byte level", template)
    assert not made.folds_system and made.turns((SYSTEM, USER)) == (SYSTEM, USER)
    assert "system" not in made.described


# --- variables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["messages", "add_generation_prompt", "eos_token", "tools"])
def test_what_every_template_is_given_cannot_be_set(name):
    with refused(rf"\[chat\] kwargs: `{name}` is what every template is given", BenchmarkError):
        form("byte level", CHATML, **{name: "x"})
