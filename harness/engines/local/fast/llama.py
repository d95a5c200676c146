"""A base of the Llama family with torch alone: the same operations in the same order.

So every logit is the one that transformers computes (tests/engines/local/fast), without the
seconds that importing transformers takes. A base with anything of its own goes the way through
transformers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.functional import embedding, linear, silu

from harness.engines.local.fast.config import (
    FIRST,
    HEAD,
    LAST,
    MATRICES,
    SECOND,
    WORDS,
    Config,
    read_config,
)
from harness.engines.local.fast.files import WEIGHTS, Unusual, tensors


def _refuse_misfits(shapes: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]) -> None:
    """What transformers leaves aside as well is no misfit: a tied head, old buffers."""
    for name in shapes.keys() | values.keys():
        found = tuple(values[name].shape) if name in values else None
        aside = name == f"{HEAD}.weight" or name.endswith("rotary_emb.inv_freq")
        if found != shapes.get(name) and not (name not in shapes and aside):
            raise Unusual(f"{WEIGHTS}: {name} is {found}, not {shapes.get(name)}")


class LlamaOutput(NamedTuple):
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
    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.linears = tuple(
            Linear(part, values[f"{part}.weight"], values.get(f"{part}.bias"))
            for part in (f"{name}.{matrix}" for matrix in MATRICES)
        )
        self.query, self.key, self.value, self.out, self.gate, self.up, self.down = self.linears
        self.first = values[f"{name}.{FIRST}.weight"]
        self.second = values[f"{name}.{SECOND}.weight"]


class Llama:
    """Asked as transformers' models are, with our attention's reader among the arguments."""

    def __init__(self, config: Config, dtype: Any, values: Mapping[str, Any]) -> None:
        """The tensors must be those that the config speaks of, no more and no less."""
        _refuse_misfits(config.shapes, values)
        self.config, self.dtype = config, dtype
        self.words, self.last = values[WORDS], values[LAST]
        head = self.words if config.tie_word_embeddings else values[f"{HEAD}.weight"]
        self.head = Linear(HEAD, head, None)
        self.layers = [
            _Layer(f"model.layers.{number}", values) for number in range(config.num_hidden_layers)
        ]
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
    ) -> LlamaOutput:  # fmt: skip
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
        return LlamaOutput(self.head.forward(values))

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
    config = read_config(folder)
    return Llama(config, dtype, tensors(folder / WEIGHTS, dtype))
