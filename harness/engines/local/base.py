"""Load the base from disk into a model in memory, with its tokenizer and its end tokens.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from harness.engines.local import attention
from harness.engines.local.alone import carries_state, must_be_alone
from harness.engines.local.chat_format import ChatFormat
from harness.engines.local.models import CausalModel, Tokenizer
from harness.engines.local.prompts import Formats
from harness.engines.local.quantized import keep_packed, loading
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed, HarnessError, WeightsError, reason
from harness.libraries import lasting, quiet_libraries
from harness.records import Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from harness.engines.local.fast.llama import Llama

_log = logging.getLogger(__name__)

PACKED = ("llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3", "smollm3", "starcoder2")
"""Architectures whose layers pass all arguments on to their attention, each held by a test.

Others may treat tokens in their own ways (windows, recurrence): their rows are padded.
"""

Model = TypeVar("Model", bound=CausalModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Base(Generic[Model]):
    """A base model, loaded."""

    model: Model
    formats: Formats
    """Its tokenizer, with the chat templates that make prompts."""
    ends: tuple[int, ...]
    """Tokens that end any text; a chat template may have another one for its turns."""
    device: str
    dtype: str
    packed: bool
    """Whether its attention is ours, so that sequences can be packed."""
    alone: bool = False
    """Whether a row's result would depend on padding or neighbours, so that each runs alone."""

    @property
    def tokenizer(self) -> Tokenizer:
        """The base's own tokenizer."""
        return self.formats.tokenizer

    @property
    def pad(self) -> int:
        """Padding token id; padded positions are masked, so any id does."""
        known = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        return next(int(token) for token in known if token is not None)

    def form(self, adapter: Mounted, prompt: Prompt) -> ChatFormat:
        """Return the chat format of a prompt to an adapter."""
        return self.formats.of(prompt.chat, adapter.folder)

    def stops(self, form: ChatFormat) -> frozenset[int]:
        """Return the tokens that end an output."""
        return frozenset(self.ends if form.end.token is None else (*self.ends, form.end.token))


def fast_base(
    folder: Path, device: str, dtype: str, formats: Formats | None = None
) -> Base[Llama] | None:
    """Load the base with torch alone; None for unusual bases and for devices but the CPU."""
    formats = formats or Formats(lambda: folder)
    if device != "cpu":
        _log.info("%s: transformers loads it (device %s)", folder, device)
        return None
    with lasting():
        import torch

    from harness.engines.local.fast.files import Unusual, read_table
    from harness.engines.local.fast.llama import read_llama

    try:
        tokens = formats.usual
        if tokens is None:
            return None
        config = read_table(folder / "generation_config.json")
        ends = (config or read_table(folder / "config.json")).get("eos_token_id")
        for end in ends if isinstance(ends, list) else [ends]:
            if end is not None and type(end) is not int:
                raise Unusual(f"an end token is {end!r}")
        model = read_llama(folder, getattr(torch, dtype))
    except Unusual as problem:
        _log.info("%s: transformers loads it (%s)", folder, problem)
        return None
    except Exception as problem:
        _log.error("%s: reading it without transformers failed, a bug (%r)", folder, problem)
        raise
    _log.info("%s: loaded with torch alone in %s", folder, dtype)
    return Base(model, formats, _end_tokens(ends, tokens), device, dtype, packed=True)


def load_base(
    folder: Path, device: str, dtype: str, formats: Formats | None = None, quantize: str = ""
) -> Base[PreTrainedModel]:
    """Load the base with transformers, from its own files; no code among them is run.

    `quantize`: nf4 or int8 makes plain weights so while they are read.
    """
    formats = formats or Formats(lambda: folder)
    with lasting():  # all imports in a single place, so that their objects are frozen together
        quiet_libraries()
        for name in ("torch", "transformers.modeling_utils", "peft"):
            import_module(name)
    import torch
    from transformers import AutoConfig, GenerationConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        asked = loading(config, quantize, device, dtype)
        alone = must_be_alone(config, quantize, device)
        packed = can_pack(config) and not alone
        how: str | None = None if alone else "eager"  # alone: exactly as transformers would do it
        if packed:
            attention.register()
            how = attention.NAME
        model: PreTrainedModel
        model, read = model_class(config).from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, dtype),
            attn_implementation=how,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **asked,
        )
        refuse_missing(read["missing_keys"])
        if not asked:
            model.to(device)  # type: ignore[arg-type]  # their wrapper hides `self`
        keep_packed(model)
        model.eval()
        tokenizer = formats.tokenizer
    except HarnessError:
        raise
    except ImportError as problem:  # a quantised or unusual base: the library names its package
        raise WeightsError(f"{folder}: the base lacks a package ({reason(problem)})") from problem
    except Exception as problem:  # a damaged folder fails in as many ways as it has files
        _log.debug("%s: the base does not load", folder, exc_info=True)
        raise EngineFailed(f"{folder}: the base does not load ({reason(problem)})") from problem
    ends = _end_tokens(model.generation_config.eos_token_id, tokenizer)
    # Drop the base's other defaults (a repetition penalty, say): decoding is ours to say.
    model.generation_config = GenerationConfig(eos_token_id=list(ends) or None)
    _log.info("%s: loaded with transformers in %s on %s", folder, dtype, device)
    alone = alone or (not packed and carries_state(model))
    return Base(model, formats, ends, device, dtype, packed, alone)


def model_class(config: PreTrainedConfig) -> Any:
    """Return transformers' loader for a kind of base: some that see pictures have another one."""
    import transformers

    pictures = transformers.AutoModelForImageTextToText
    for loader in (transformers.AutoModelForCausalLM, pictures):
        if type(config) in loader._model_mapping:
            return loader
    return transformers.AutoModelForCausalLM  # which says what it does not know


def can_pack(config: PreTrainedConfig) -> bool:
    """Return whether all layers have full attention; an unused window in the config is ignored."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    window = getattr(config, "sliding_window", None) and not getattr(config, "layer_types", None)
    return config.model_type in PACKED and kinds == {"full_attention"} and not window


def refuse_missing(names: Collection[str]) -> None:
    """Refuse a base that lacks weights: transformers would go on with random numbers for them."""
    if names:
        raise ValueError(f"{len(names)} of its weights are missing, such as {min(names)}")


def _end_tokens(ends: list[int] | int | None, tokenizer: Tokenizer) -> tuple[int, ...]:
    found = ends if isinstance(ends, list) else [ends]
    return tuple(sorted({e for e in (tokenizer.eos_token_id, *found) if e is not None}))
