"""Kinds of base, each beside plain transformers + PEFT; `make kinds` prints them all.

Held here: kinds that once were wrong, or that take another way than most.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.kinds import compare
from tests.fakes.kinds import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.filterwarnings("ignore")]

PACKED = ("Llama 2", "Llama 3", "SmolLM3")
PADDED = ("Gemma 2", "Gemma 3 multimodal", "GPT-2, Hub layout", "Falcon, ALiBi", "Mixtral")
ENDS = {"bytes": "Zephyr", "metaspace": "Inst"}
"""Templates that end a turn as the base does: the models are held here, not the tokens."""
ALONE = ("Mamba", "MiniMax", "Phi-3, LongRoPE", "Llama, dynamic RoPE")


@pytest.mark.parametrize("name", [*PACKED, *PADDED, *ALONE])
def test_texts_and_likelihoods_are_those_of_transformers_and_peft(name, tmp_path):
    (kind,) = (kind for kind in KINDS if kind.name == name)
    row = compare(replace(kind, template=ENDS[kind.tokenizer]), tmp_path)
    assert row.problem == ""
    assert row.texts == 6
    assert row.nll <= 1e-5
    way = "packed" if name in PACKED else "padded" if name in PADDED else "alone"
    assert row.way == way
