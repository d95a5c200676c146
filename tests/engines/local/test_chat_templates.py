"""A base's chat template is somebody's program: it ends, stays small, or is refused in one line."""

from __future__ import annotations

from typing import Any

import pytest

from harness.engines.local.chat_templates import MAX_TEMPLATE, is_plain
from harness.engines.local.prompts import prompt_ids
from harness.errors import EngineFailed, WeightsError
from harness.records import Message
from tests.fakes.refusals import refused

TURNS = (Message("system", "Be brief."), Message("user", "Hi"))
SMOLLM = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + "
    "message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)


class Tokenizer:
    """As far as a template is concerned, a tokenizer of transformers."""

    def __init__(self, template: str) -> None:
        self.special_tokens_map: dict[str, str] = {}
        self.chat_template = template

    def get_chat_template(self) -> str:
        return self.chat_template

    def apply_chat_template(self, turns: Any, **how: Any) -> str:
        from transformers.utils.chat_template_utils import render_jinja_template

        how.pop("tokenize")
        return render_jinja_template([turns], chat_template=self.chat_template, **how)[0][0]

    def encode(self, text: str, **_: Any) -> list[int]:
        return [ord(letter) for letter in text]


def written(template: str) -> str:
    return "".join(map(chr, prompt_ids(Tokenizer(template), TURNS)))


def test_an_ordinary_template_is_plain_and_needs_no_process_of_its_own():
    assert is_plain(SMOLLM)
    assert written(SMOLLM).endswith("user\nHi<|im_end|>\n<|im_start|>assistant\n")


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(10) %}{{ i }}{% endfor %}",
        "{{ 'a' * 10 }}",
        "{{ lipsum(10) }}",
        "{{ '%9s' % 1 }}",
        "{{ 'a'.center(9) }}",
        "{{ 'a' | center(9) }}",
        "{% for m in messages %}{% set x = x ~ x %}{% endfor %}",
        "{% set x = x ~ x %}" * 9,
        "{{ messages | tojson(indent=9) }}",
        "{% for m in messages %}{% for n in messages %}{{ n.role }}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% if",
    ],
)  # fmt: skip
def test_what_could_grow_is_not_plain(template):
    assert not is_plain(template)


@pytest.mark.slow
def test_a_template_that_loops_for_its_work_is_rendered_as_ever():
    assert written("{% for i in range(3) %}{{ messages[1].content }}{% endfor %}") == "HiHiHi"


LOOP = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


@pytest.mark.long
@pytest.mark.parametrize(
    ("template", "line"),
    [
        (LOOP, r"takes longer than 2 s for one prompt"),
        ("{{ 'a' * 10**9 }}", "makes more than 4,194,304 characters of one prompt"),
        ("{{ 'a' * 10**7 }}", "makes more than 4,194,304 characters of one prompt"),
    ],
    ids=["time", "memory", "size"],
)
def test_a_template_that_runs_away_is_stopped(template, line):
    with refused(line, WeightsError):
        written(template)


def test_a_template_of_a_megabyte_is_refused_unread():
    with refused(r"has 262,145 characters, at most 262,144 are read", WeightsError):
        written("x" * (MAX_TEMPLATE + 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "template",
    ["{% for i in range(10**9) %}{% endfor %}", "{{ raise_exception('no system') }}", "{% if"],
)
def test_a_template_that_refuses_is_said_in_one_line(template):
    with refused("the base's chat template does not take the prompt", EngineFailed, code=11):
        written(template)
