"""The base as it lies on disk becomes a model in memory, with its tokenizer and its end tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.engines.local import attention
from harness.engines.local.prompts import ideal_ids, load_tokenizer, prompt_ids
from harness.errors import EngineFailed, reason
from harness.libraries import lasting, quiet_libraries
from harness.records import Message, Prompt

PACKED = ("llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3", "smollm3", "starcoder2")
"""Architectures whose layers hand everything on to their attention, each held by a test.

Others may look at their tokens in ways of their own (windows, recurrence): their rows are padded.
"""


@dataclass(frozen=True, slots=True)
class Base:
    """One base model, ready to be asked."""

    model: Any
    tokenizer: Any
    ends: tuple[int, ...]
    """Tokens that end an output."""
    device: str
    dtype: str
    packed: bool
    """Whether its attention is ours, so that sequences can be packed."""

    @property
    def pad(self) -> int:
        """Any token: nobody looks at it wherever it stands."""
        known = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        return next(int(token) for token in known if token is not None)

    def ids(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """A prompt in tokens."""
        return prompt_ids(self.tokenizer, messages)

    def opening(self, messages: Sequence[Message], ids: tuple[int, ...]) -> tuple[int, ...]:
        """The tokens of all turns but the last, where they are what the prompt begins with."""
        if len(messages) < 2 or not self.tokenizer.chat_template:
            return ()
        try:
            found = prompt_ids(self.tokenizer, messages[:-1], ask=False)
        except EngineFailed:  # some templates take no turns without the user's
            return ()
        return found if len(found) < len(ids) and ids[: len(found)] == found else ()

    def ideal(self, prompt: Prompt, place: int) -> tuple[int, ...]:
        """An ideal in tokens, its end included."""
        return ideal_ids(self.tokenizer, prompt.ideals[place])

    def text(self, ids: Sequence[int]) -> str:
        """What the tokens of an output say."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True).strip())


def bare_base(folder: Path, device: str, dtype: str) -> Base | None:
    """The base with torch alone, where it is of the usual kind and the device is the processor."""
    if device != "cpu":
        return None
    with lasting():
        import torch

    from harness.engines.local.fast.files import described
    from harness.engines.local.fast.llama import read_llama
    from harness.engines.local.fast.tokens import read_tokens

    try:
        tokens = read_tokens(folder)
        told = described(folder / "generation_config.json") or described(folder / "config.json")
        ends = _end_tokens(told.get("eos_token_id"), tokens)
        model = read_llama(folder, getattr(torch, dtype))
    except Exception:  # unusual or damaged: transformers reads it, or says what is wrong
        return None
    return Base(model, tokens, ends, device, dtype, packed=True)


def load_base(folder: Path, device: str, dtype: str) -> Base:
    """The base's own files and nothing else: no code of theirs is run."""
    _bring_in("torch", "transformers.modeling_utils", "peft")
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        packed = can_pack(config)
        if packed:
            attention.register()
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, dtype),
            attn_implementation=attention.NAME if packed else "eager",
            use_safetensors=True,
            trust_remote_code=False,
        )
        model = model.to(device).eval()
        tokenizer = load_tokenizer(folder)
    except EngineFailed:
        raise
    except Exception as problem:  # a damaged folder fails in as many ways as it has files
        raise EngineFailed(f"{folder}: the base does not load ({reason(problem)})") from None
    ends = _end_tokens(model.generation_config.eos_token_id, tokenizer)
    model.generation_config = GenerationConfig(eos_token_id=list(ends) or None)
    return Base(model, tokenizer, ends, device, dtype, packed)


def _bring_in(*names: str) -> None:
    """At one place, so that all of it is set aside for good."""
    with lasting():
        quiet_libraries()
        for name in names:
            import_module(name)


def can_pack(config: Any) -> bool:
    """Full attention in every layer; a window that is configured but not used does not count."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    window = getattr(config, "sliding_window", None) and not getattr(config, "layer_types", None)
    return config.model_type in PACKED and kinds == {"full_attention"} and not window


def _end_tokens(ends: Any, tokenizer: Any) -> tuple[int, ...]:
    found = ends if isinstance(ends, list) else [ends]
    return tuple(sorted({e for e in (tokenizer.eos_token_id, *found) if e is not None}))
