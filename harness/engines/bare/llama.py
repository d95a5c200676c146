"""A base of the Llama family with torch alone: the same operations in the same order.

So every logit is the one that transformers computes (tests/engines/bare), without the seconds that
importing transformers takes. A base with anything of its own goes the way through transformers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.functional import embedding, linear, silu

from harness.engines.bare.files import WEIGHTS, Unusual, described, tensors

KINDS = ("llama", "mistral")
"""Architectures that compute the same; the second never has a bias."""
MATRICES = (
    *(f"self_attn.{name}_proj" for name in "qkvo"),
    *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
)
"""Of one layer; the names that adapters call them by."""


@dataclass(frozen=True, slots=True)
class Config:
    """A base's measures, by the names they have in its `config.json`."""

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


class Answer(NamedTuple):
    """What a model says, as transformers hands it over."""

    logits: Any


class Linear:
    """One matrix; its `forward` may be replaced by a faster way to the same product."""

    def __init__(self, name: str, weight: Any, bias: Any) -> None:
        self.name, self.weight, self.bias = name, weight, bias

    def forward(self, values: Any) -> Any:
        """The product."""
        return linear(values, self.weight, self.bias)


class _Layer:
    def __init__(self, before: str, values: dict[str, Any], biased: Collection[str]) -> None:
        made = [
            Linear(
                f"{before}.{name}",
                values.pop(f"{before}.{name}.weight"),
                values.pop(f"{before}.{name}.bias") if name in biased else None,
            )
            for name in MATRICES
        ]
        self.linears = tuple(made)
        self.query, self.key, self.value, self.out, self.gate, self.up, self.down = self.linears
        self.first = values.pop(f"{before}.input_layernorm.weight")
        self.second = values.pop(f"{before}.post_attention_layernorm.weight")


def _refuse_misfits(layer: _Layer, config: Config) -> None:
    """A file of another size than its `config.json` says."""
    width, inner = config.hidden_size, config.intermediate_size
    asking, kept = (
        heads * config.head_dim
        for heads in (config.num_attention_heads, config.num_key_value_heads)
    )
    wanted = ((asking, width), (kept, width), (kept, width), (width, asking),
              (inner, width), (inner, width), (width, inner))  # fmt: skip
    for one, shape in zip(layer.linears, wanted, strict=True):
        if one.weight.shape != shape:
            raise Unusual(f"{one.name} is {tuple(one.weight.shape)}, not {shape}")


class Llama:
    """Asked as transformers' models are, with our attention's reader among the arguments."""

    def __init__(self, config: Config, dtype: Any, values: dict[str, Any]) -> None:
        """Takes its tensors out of `values`; one that is missing or left over is unusual."""
        self.config, self.dtype = config, dtype
        tied = config.tie_word_embeddings
        try:
            self.words = values.pop("model.embed_tokens.weight")
            self.last = values.pop("model.norm.weight")
            self.head = Linear("lm_head", self.words, None)
            if not tied:
                self.head.weight = values.pop("lm_head.weight")
            self.layers = [
                _Layer(f"model.layers.{number}", values, config.biased)
                for number in range(config.num_hidden_layers)
            ]
        except KeyError as missing:
            raise Unusual(f"{WEIGHTS} has no {missing}") from None
        for layer in self.layers:
            _refuse_misfits(layer, config)
        left = [name for name in values if not name.endswith("rotary_emb.inv_freq")]
        if left and not (tied and left == ["lm_head.weight"]):
            raise Unusual(f"{WEIGHTS} has {len(left)} more tensors, such as {left[0]}")
        places = torch.arange(0, config.head_dim, 2, dtype=torch.float)
        self._turns = 1.0 / (config.rope_theta ** (places / config.head_dim))
        self._scale = config.head_dim**-0.5

    def modules(self) -> Iterator[Linear]:
        """Every matrix that values are multiplied with."""
        for layer in self.layers:
            yield from layer.linears
        yield self.head

    def __call__(
        self, input_ids: Any, position_ids: Any, logits_to_keep: Any = 0,
        reader: Any = None, use_cache: bool = False,
    ) -> Answer:  # fmt: skip
        """The logits of the places to keep: by number, or 0 for all of them."""
        values = embedding(input_ids, self.words)
        turns = self._turned(position_ids)
        for number, layer in enumerate(self.layers):
            values = values + self._attended(number, layer, values, turns, reader)
            normed = self._normed(values, layer.second)
            gate = silu(layer.gate.forward(normed))
            values = values + layer.down.forward(gate * layer.up.forward(normed))
        values = self._normed(values, self.last)
        if not isinstance(logits_to_keep, int):
            values = values[:, logits_to_keep]
        return Answer(self.head.forward(values))

    def _attended(self, number: int, layer: _Layer, values: Any, turns: Any, reader: Any) -> Any:
        normed = self._normed(values, layer.first)
        shape = (*normed.shape[:-1], -1, self.config.head_dim)
        query, key, value = (
            matrix.forward(normed).view(shape).transpose(1, 2)
            for matrix in (layer.query, layer.key, layer.value)
        )
        found = reader.attend(
            number, _rotated(query, *turns), _rotated(key, *turns), value, self._scale
        )
        return layer.out.forward(found.reshape(*normed.shape[:-1], -1))

    def _normed(self, values: Any, weight: Any) -> Any:
        wide = values.to(torch.float32)
        spread = wide.pow(2).mean(-1, keepdim=True)
        return weight * (wide * torch.rsqrt(spread + self.config.rms_norm_eps)).to(self.dtype)

    def _turned(self, places: Any) -> tuple[Any, Any]:
        """How far each place turns a pair of numbers: cosine and sine, one row for all heads.

        Of the sine the first half is negative, so that `_rotated` need not turn it round.
        """
        angles = places[..., None].float() * self._turns
        cosine, sine = angles.cos(), angles.sin()
        both = torch.cat((cosine, cosine), -1), torch.cat((-sine, sine), -1)
        return both[0].to(self.dtype)[:, None], both[1].to(self.dtype)[:, None]


def _rotated(values: Any, cosine: Any, sine: Any) -> Any:
    return values * cosine + values.roll(values.shape[-1] // 2, -1) * sine


def read_llama(folder: Path, dtype: Any) -> Llama:
    """The base of a folder; `Unusual` where transformers is needed to read it."""
    config = _config(described(folder / "config.json"))
    return Llama(config, dtype, tensors(folder / WEIGHTS, dtype))


def _config(told: Mapping[str, Any]) -> Config:
    turning = told.get("rope_parameters") or told.get("rope_scaling") or {}
    kind = turning.get("rope_type", turning.get("type", "default"))
    odd = {
        "model_type": told.get("model_type") not in KINDS,
        "hidden_act": told.get("hidden_act", "silu") != "silu",
        "rope": kind != "default" or turning.get("partial_rotary_factor", 1.0) != 1.0,
        "sliding_window": bool(told.get("sliding_window")) and told.get("use_sliding_window", True),
        "layer_types": bool({*(told.get("layer_types") or ())} - {"full_attention"}),
        "quantization_config": bool(told.get("quantization_config")),
        "pretraining_tp": told.get("pretraining_tp", 1) != 1,
    }
    for name in (name for name, yes in odd.items() if yes):
        raise Unusual(f"config.json: {name} is {told.get(name)!r}")
    try:
        heads = told["num_attention_heads"]
        return Config(
            hidden_size=told["hidden_size"],
            intermediate_size=told["intermediate_size"],
            num_hidden_layers=told["num_hidden_layers"],
            num_attention_heads=heads,
            num_key_value_heads=told.get("num_key_value_heads") or heads,
            head_dim=told.get("head_dim") or told["hidden_size"] // heads,
            rms_norm_eps=told["rms_norm_eps"],
            rope_theta=turning.get("rope_theta") or told["rope_theta"],
            tie_word_embeddings=bool(told.get("tie_word_embeddings")),
            biased=_biased(told),
        )
    except (KeyError, TypeError) as problem:
        raise Unusual(f"config.json: {problem}") from None


def _biased(told: Mapping[str, Any]) -> tuple[str, ...]:
    attention, rest = (bool(told.get(f"{part}_bias")) for part in ("attention", "mlp"))
    if told["model_type"] != "llama":
        return ()
    return MATRICES[: 4 * attention] + MATRICES[4 : 4 + 3 * rest]
