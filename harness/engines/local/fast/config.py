"""The sizes and tensors of a base of the Llama family, from its `config.json`.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.engines.local.fast.files import Table, Unusual, read_table

KINDS = ("llama", "mistral")
"""Architectures that compute the same; the second never has a bias in its layers."""
MATRICES = (
    *(f"self_attn.{name}_proj" for name in "qkvo"),
    *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
)
"""The matrices of a layer, by the names that adapters use."""
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
    """The sizes of a base, by their names in its `config.json`."""

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
    """The matrices of a layer that have a bias; `config.json` has no single name for it."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor in its file."""
        width, inner, size = self.hidden_size, self.intermediate_size, self.head_dim
        queries, kept = self.num_attention_heads * size, self.num_key_value_heads * size
        matrices = ((queries, width), (kept, width), (kept, width), (width, queries),
                    (inner, width), (inner, width), (width, inner))  # fmt: skip
        found: dict[str, tuple[int, ...]] = {WORDS: (self.vocab_size, width), LAST: (width,)}
        if not self.tie_word_embeddings:
            found[f"{HEAD}.weight"] = (self.vocab_size, width)
        for layer in (f"model.layers.{number}" for number in range(self.num_hidden_layers)):
            found |= {f"{layer}.{norm}.weight": (width,) for norm in (FIRST, SECOND)}
            for matrix, shape in zip(MATRICES, matrices, strict=True):
                found[f"{layer}.{matrix}.weight"] = shape
                if matrix in self.biased:
                    found[f"{layer}.{matrix}.bias"] = shape[:1]
        return found


def read_config(folder: Path) -> Config:
    """Read the sizes of a base; `Unusual` if it computes anything beyond them."""
    told = read_table(folder / "config.json")
    rope = told.get("rope_parameters") or told.get("rope_scaling") or {}
    if not isinstance(rope, dict):
        raise Unusual(f"config.json: rope_parameters is {rope!r}")
    kind, layers = told.get("model_type"), told.get("layer_types") or []
    odd = {
        "model_type": kind not in KINDS,
        "hidden_act": told.get("hidden_act", "silu") != "silu",
        "rope_parameters": rope.get("rope_type", rope.get("type", "default")) != "default",
        "partial_rotary_factor": "partial_rotary_factor" in {*told, *rope},
        # transformers gives Mistral a window if the config does not mention it.
        "sliding_window": told.get("sliding_window", kind == "mistral"),
        "layer_types": not isinstance(layers, list) or any(x != "full_attention" for x in layers),
        "quantization_config": told.get("quantization_config"),
        "pretraining_tp": told.get("pretraining_tp", 1) != 1,
    }
    for name in (name for name, yes in odd.items() if yes):
        raise Unusual(f"config.json: {name} is {told.get(name)!r}")
    for size in (told.get(name) for name in _SIZES):
        if type(size) is not int or size < 1:
            raise Unusual(f"config.json: a size is {size!r}")
    head = told.get("head_dim") or told["hidden_size"] // told["num_attention_heads"]
    theta, eps = {**told, **rope}.get("rope_theta"), told.get("rms_norm_eps")
    if not isinstance(theta, int | float) or not isinstance(eps, int | float):
        raise Unusual("config.json: rope_theta or rms_norm_eps is no number")
    if type(head) is not int:
        raise Unusual(f"config.json: head_dim is {head!r}")
    return Config(
        **{name: told[name] for name in _SIZES},
        head_dim=head,
        rms_norm_eps=eps,
        rope_theta=theta,
        tie_word_embeddings=bool(told.get("tie_word_embeddings")),
        biased=_biased(told),
    )


def _biased(told: Table) -> tuple[str, ...]:
    attention, mlp = (bool(told.get(f"{part}_bias")) for part in ("attention", "mlp"))
    if told["model_type"] != "llama":
        return ()
    return MATRICES[: 4 * attention] + MATRICES[4 : 4 + 3 * mlp]
