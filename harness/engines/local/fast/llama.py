"""A base of the Llama family with torch alone: the same operations in the same order.

So every logit is the same as with transformers (tests/engines/local/fast), without the seconds
that importing transformers takes. A base that deviates in anything goes through transformers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
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

if TYPE_CHECKING:
    from harness.engines.local.attention import Reader


class LlamaOutput(NamedTuple):
    """The result of a forward pass, under the name that transformers gives it."""

    logits: Tensor


class Linear:
    """A matrix; its `forward` may be replaced by a faster function with the same result."""

    def __init__(self, name: str, weight: Tensor, bias: Tensor | None) -> None:
        self.name, self.weight, self.bias = name, weight, bias

    def forward(self, values: Tensor) -> Tensor:
        """Return the product of values with the matrix."""
        return linear(values, self.weight, self.bias)


class _Layer:
    def __init__(self, name: str, values: Mapping[str, Tensor]) -> None:
        self.linears = tuple(
            Linear(part, values[f"{part}.weight"], values.get(f"{part}.bias"))
            for part in (f"{name}.{matrix}" for matrix in MATRICES)
        )
        self.query, self.key, self.value, self.out, self.gate, self.up, self.down = self.linears
        self.first = values[f"{name}.{FIRST}.weight"]
        self.second = values[f"{name}.{SECOND}.weight"]


class Llama:
    """A model that is called like those of transformers, with our attention's reader."""

    def __init__(self, config: Config, dtype: torch.dtype, values: Mapping[str, Tensor]) -> None:
        """Refuse tensors other than those of the config; transformers ignores some extras too."""
        shapes = config.shapes
        for name in shapes.keys() | values.keys():
            found = tuple(values[name].shape) if name in values else None
            # A tied head and the buffers of older versions: transformers does not load them either.
            ignored = name == f"{HEAD}.weight" or name.endswith("rotary_emb.inv_freq")
            if found != shapes.get(name) and not (name not in shapes and ignored):
                raise Unusual(f"{WEIGHTS}: {name} is {found}, not {shapes.get(name)}")
        self.config, self.dtype = config, dtype
        self.words, self.last = values[WORDS], values[LAST]
        head = self.words if config.tie_word_embeddings else values[f"{HEAD}.weight"]
        self.head = Linear(HEAD, head, None)
        self.layers = [
            _Layer(f"model.layers.{number}", values) for number in range(config.num_hidden_layers)
        ]
        places = torch.arange(0, config.head_dim, 2, dtype=torch.float)
        self._frequencies = 1.0 / (config.rope_theta ** (places / config.head_dim))
        self._scale = config.head_dim**-0.5

    def modules(self) -> Iterator[Linear]:
        """Yield every matrix that values are multiplied with."""
        for layer in self.layers:
            yield from layer.linears
        yield self.head

    def __call__(
        self, *, input_ids: Tensor, position_ids: Tensor, reader: Reader,
        logits_to_keep: int | Tensor = 0, use_cache: bool = False,
    ) -> LlamaOutput:  # fmt: skip
        """Return the logits of the places to keep: a tensor of places, or 0 for all of them."""
        values = embedding(input_ids, self.words)
        rotation = self._rotation(position_ids)
        for number, layer in enumerate(self.layers):
            values = values + self._attended(number, layer, values, rotation, reader)
            normed = self._normed(values, layer.second)
            # In place where no other name holds the values: the same bits, less memory written.
            gate = silu(layer.gate.forward(normed), inplace=True)
            values = values + layer.down.forward(gate.mul_(layer.up.forward(normed)))
        values = self._normed(values, self.last)
        # Kept before the head: its product over the vocabulary is the largest of all.
        if not isinstance(logits_to_keep, int):
            values = values[:, logits_to_keep]
        return LlamaOutput(self.head.forward(values))

    def _attended(
        self,
        number: int,
        layer: _Layer,
        values: Tensor,
        rotation: tuple[Tensor, Tensor],
        reader: Reader,
    ) -> Tensor:
        normed = self._normed(values, layer.first)
        shape = (*normed.shape[:-1], -1, self.config.head_dim)
        query, key, value = (
            matrix.forward(normed).view(shape).transpose(1, 2)
            for matrix in (layer.query, layer.key, layer.value)
        )
        # Keys are rotated before they are cached, as in transformers.
        found = reader.attend(
            number, _rotated(query, *rotation), _rotated(key, *rotation), value, self._scale
        )
        return layer.out.forward(found.reshape(*normed.shape[:-1], -1))

    def _normed(self, values: Tensor, weight: Tensor) -> Tensor:
        # In float32 and multiplied after the conversion back, in the order of transformers.
        wide = values.to(torch.float32)
        spread = wide.pow(2).mean(-1, keepdim=True)
        scaled = wide * spread.add_(self.config.rms_norm_eps).rsqrt_()
        return weight * scaled.to(self.dtype)

    def _rotation(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return cosine and sine of each place's angles, a row for all heads.

        The first half of the sine is negative, so that `_rotated` need not negate any value.
        """
        angles = places[..., None].float() * self._frequencies
        cosine, sine = angles.cos(), angles.sin()
        both = torch.cat((cosine, cosine), -1), torch.cat((-sine, sine), -1)
        return both[0].to(self.dtype)[:, None], both[1].to(self.dtype)[:, None]


def _rotated(values: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = values.chunk(2, -1)
    return (values * cosine).add_(torch.cat((second, first), -1).mul_(sine))


def read_llama(folder: Path, dtype: torch.dtype) -> Llama:
    """Read the base of a folder; `Unusual` if transformers is needed to read it."""
    config = read_config(folder)
    return Llama(config, dtype, tensors(folder / WEIGHTS, dtype))
