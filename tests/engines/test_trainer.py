"""The tokens that a training learns: the assistant's alone, as TRL's own mask has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.trainer import Lesson, Recipe
from harness.engines.trainer import _trainer as trainer_of
from harness.flows.training.train import lessons_of
from harness.libraries import quiet_libraries
from harness.records import Benchmark, Chat, Message
from harness.records.training_example import TrainingExample
from tests.fakes.llama import TinyLlama

pytest.importorskip("trl", reason="training needs trl")

MARKED = (
    "{% for turn in messages %}{% if turn['role'] == 'assistant' %}<assistant>"
    " {% generation %}{{ turn['content'] }} <end>{% endgeneration %} "
    "{% else %}<{{ turn['role'] }}> {{ turn['content'] }} <end> {% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
"""The template of the tiny base, with TRL's marks around what the assistant writes."""
BENCHMARK = Benchmark("openers", "openers", (), "x", system="w1 w2")
TURNS = (Message("user", "w3 w4"), Message("assistant", "w5"), Message("user", "w6"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return TinyLlama(tmp_path_factory.mktemp("base"), template=MARKED).folder


def learnt(base: Path, folder: Path, lessons: list[Lesson]) -> list[list[str]]:
    """The words of each lesson that count in the loss."""
    trainer = trainer_of(base, lessons, Recipe(rank=2), folder, None)
    rows = trainer.train_dataset
    return [_words(trainer.processing_class, row["labels"]) for row in rows]


def _words(tokenizer: Any, labels: list[int]) -> list[str]:
    return tokenizer.convert_ids_to_tokens([label for label in labels if label != -100])


def example(*learnt: int) -> TrainingExample:
    return TrainingExample(1, "w8", "w9 w10", turns=(*TURNS, Message("assistant", "w7")),
                           learnt=learnt)  # fmt: skip


@pytest.mark.long
def test_each_answer_that_is_learnt_is_learnt_once_and_nothing_else(
    base: Path, tmp_path: Path
) -> None:
    found = learnt(base, tmp_path, list(lessons_of(BENCHMARK, example(1, 3))))
    assert [" ".join(words) for words in found] == ["w5 <end>", "w7 <end>", "w9 w10 <end>"]


@pytest.mark.long
def test_an_answer_of_weight_0_is_read_and_not_learnt(base: Path, tmp_path: Path) -> None:
    lessons = list(lessons_of(BENCHMARK, example(3)))
    found = learnt(base, tmp_path, lessons)
    assert [" ".join(words) for words in found] == ["w7 <end>", "w9 w10 <end>"]
    assert Message("assistant", "w5") in lessons[0].messages


@pytest.mark.long
def test_together_they_are_the_tokens_that_trl_masks_for_the_assistant(
    base: Path, tmp_path: Path
) -> None:
    quiet_libraries()
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    one = example(1, 3)
    (*_, last) = lessons_of(BENCHMARK, one)
    turns = [{"role": turn.role, "content": turn.content} for turn in last.messages]
    turns.append({"role": "assistant", "content": last.completion})
    tokenizer = AutoTokenizer.from_pretrained(base)
    config = SFTConfig(output_dir=str(tmp_path), assistant_only_loss=True, report_to=[],
                       max_length=1024, use_cpu=True, bf16=False)  # fmt: skip
    theirs = SFTTrainer(
        AutoModelForCausalLM.from_pretrained(base),
        args=config,
        train_dataset=Dataset.from_list([{"messages": turns}]),
        processing_class=tokenizer,
    )
    (row,) = theirs.train_dataset
    ours = learnt(base, tmp_path, list(lessons_of(BENCHMARK, one)))
    assert [word for words in ours for word in words] == _words(tokenizer, row["labels"])


@pytest.mark.slow
def test_what_is_learnt_is_written_by_the_template_that_judges(base: Path, tmp_path: Path) -> None:
    signed = MARKED.replace("<end>{% endg", "{{ sign }} <end>{% endg")
    benchmark = replace(BENCHMARK, chat=Chat(text=signed, kwargs={"sign": "w20"}))
    found = learnt(base, tmp_path, list(lessons_of(benchmark, example())))
    assert [" ".join(words) for words in found] == ["w9 w10 w20 <end>"]


def test_the_systems_text_of_an_example_goes_before_the_benchmarks() -> None:
    own = TrainingExample(1, "w8", "w9", system="w11")
    (lesson,) = lessons_of(BENCHMARK, own)
    assert lesson.messages == (Message("system", "w11"), Message("user", "w8"))
    (lesson,) = lessons_of(BENCHMARK, TrainingExample(1, "w8", "w9"))
    assert lesson.messages == (Message("system", "w1 w2"), Message("user", "w8"))
