"""What `config.json` says of a base of the Llama family: its measures, and the tensors it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.local.fast.files import Unusual, described

KINDS = ("llama", "mistral")
"""Architectures that compute the same; the second never has a bias."""
MATRICES = (
    *(f"self_attn.{name}_proj" for name in "qkvo"),
    *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
)
"""Of one layer; the names that adapters call them by."""
FIRST, SECOND = "input_layernorm", "post_attention_layernorm"
WORDS, LAST, HEAD = "model.embed_tokens.weight", "model.norm.weight", "lm_head"
_SIZES = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
)


@dataclass(frozen=True, slots=True)
class Config:
    """A base's measures, by the names they have in its `config.json`."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float
    rope_theta: float
    tie_word_embeddings: bool
    biased: tuple[str, ...]
    """The matrices of a layer that have a bias; no name of theirs, it follows from several."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor that its file has."""
        width, inner, size = self.hidden_size, self.intermediate_size, self.head_dim
        asking, kept = self.num_attention_heads * size, self.num_key_value_heads * size
        sides = ((asking, width), (kept, width), (kept, width), (width, asking),
                 (inner, width), (inner, width), (width, inner))  # fmt: skip
        found: dict[str, tuple[int, ...]] = {WORDS: (self.vocab_size, width), LAST: (width,)}
        if not self.tie_word_embeddings:
            found[f"{HEAD}.weight"] = (self.vocab_size, width)
        for layer in (f"model.layers.{number}" for number in range(self.num_hidden_layers)):
            found |= {f"{layer}.{norm}.weight": (width,) for norm in (FIRST, SECOND)}
            for matrix, shape in zip(MATRICES, sides, strict=True):
                found[f"{layer}.{matrix}.weight"] = shape
                if matrix in self.biased:
                    found[f"{layer}.{matrix}.bias"] = shape[:1]
        return found


def read_config(folder: Path) -> Config:
    """The measures of a base; `Unusual` where it computes something more."""
    told = described(folder / "config.json")
    turning = told.get("rope_parameters") or told.get("rope_scaling") or {}
    kind = told.get("model_type")
    odd = {
        "model_type": kind not in KINDS,
        "hidden_act": told.get("hidden_act", "silu") != "silu",
        "rope_parameters": turning.get("rope_type", turning.get("type", "default")) != "default",
        "partial_rotary_factor": "partial_rotary_factor" in told | turning,
        "sliding_window": told.get("sliding_window", kind == "mistral"),  # it has one unasked
        "layer_types": {*(told.get("layer_types") or ())} - {"full_attention"},
        "quantization_config": told.get("quantization_config"),
        "pretraining_tp": told.get("pretraining_tp", 1) != 1,
    }
    for name in (name for name, yes in odd.items() if yes):
        raise Unusual(f"config.json: {name} is {told.get(name)!r}")
    sizes = {name: told[name] for name in _SIZES}
    head = told.get("head_dim") or told["hidden_size"] // told["num_attention_heads"]
    numbers = {"rope_theta": (told | turning)["rope_theta"], "rms_norm_eps": told["rms_norm_eps"]}
    whole = all(type(size) is int for size in (*sizes.values(), head))
    if not whole or not all(isinstance(number, int | float) for number in numbers.values()):
        raise Unusual("config.json: a measure is no number")
    tied = bool(told.get("tie_word_embeddings"))
    return Config(**sizes, **numbers, head_dim=head, tie_word_embeddings=tied, biased=_biased(told))


def _biased(told: Mapping[str, Any]) -> tuple[str, ...]:
    attention, rest = (bool(told.get(f"{part}_bias")) for part in ("attention", "mlp"))
    if told["model_type"] != "llama":
        return ()
    return MATRICES[: 4 * attention] + MATRICES[4 : 4 + 3 * rest]
