"""Attention for many sequences in a single forward pass, each reading only its own past.

It is registered in transformers' interface for attention functions, so every architecture that
uses this interface keeps its own layers. Tested in tests/engines/local/test_packed.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.engines.local.packing import Chunk

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

NAME = "lora_harness"
"""The name under which transformers knows the function below."""


class Reader(Protocol):
    """The state of a forward pass: the keys and values of every layer, and who may read them."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend from [1, heads, tokens, size], each, to [1, tokens, heads, size]."""
        ...


@dataclass(frozen=True, slots=True)
class KVCache:
    """Keys and values of tokens that were read; each [layers, heads, tokens, size]."""

    keys: Tensor
    values: Tensor

    @property
    def length(self) -> int:
        """The number of tokens."""
        return self.keys.shape[2]

    @property
    def bytes(self) -> int:
        """The memory it takes."""
        return 2 * self.keys.numel() * self.keys.element_size()


def register() -> None:
    """Register the function with transformers; registering it twice changes no result."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attend)


def _attend(
    module: Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: object,
    scaling: float | None = None,
    reader: Reader | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    if reader is None:
        raise ValueError("this model does not hand its arguments on to its attention")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer = module.layer_idx  # every attention module of transformers knows its layer
    assert isinstance(layer, int)
    return reader.attend(layer, query, key, value, scale), None


class PrefillAttention:
    """Many new tokens of several sequences: each sequence attends separately."""

    def __init__(self, chunk: Chunk, device: str) -> None:
        self.chunk = chunk
        self._masks = [_causal(s.before, len(s.ids), device) for s in chunk.segments]
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend within each segment; places outside every segment stay zero and are not read."""
        from torch.nn.functional import scaled_dot_product_attention

        self._kept[layer] = (key, value)
        # A call per segment, not a block mask over all: the result must not depend on neighbours.
        found = query.new_zeros((1, query.shape[2], query.shape[1], query.shape[3]))
        for (segment, start, stop), mask in zip(self.chunk.places, self._masks, strict=True):
            pasts = segment.pasts
            part = scaled_dot_product_attention(
                query[:, :, start:stop],
                _joined([p.keys[layer] for p in pasts], key[:, :, start:stop]),
                _joined([p.values[layer] for p in pasts], value[:, :, start:stop]),
                attn_mask=mask,
                is_causal=mask is None,
                scale=scale,
                enable_gqa=True,
            )
            found[:, start:stop] = part.transpose(1, 2)
        return found

    def pasts(self) -> list[KVCache]:
        """Return the keys and values that each segment added, copied so that the chunk can go."""
        import torch

        layers = [self._kept[layer] for layer in sorted(self._kept)]
        return [
            KVCache(
                torch.stack([key[0, :, start:stop] for key, _ in layers]),
                torch.stack([value[0, :, start:stop] for _, value in layers]),
            )
            for _, start, stop in self.chunk.places
        ]


def _joined(before: Sequence[Tensor], new: Tensor) -> Tensor:
    import torch

    return torch.cat([*(past[None] for past in before), new], dim=2) if before else new


def _causal(before: int, new: int, device: str) -> Tensor | None:
    """Mask the later tokens of `new`; None without a past, for torch's faster `is_causal`."""
    import torch

    if not before:
        return None
    return torch.ones(new, before + new, dtype=torch.bool, device=device).tril(before)


class DecodeAttention:
    """A new token for each of a fixed number of rows, whose pasts have a fixed capacity.

    Plain matrix products instead of torch's fused attention, whose result depends on a row's place.
    """

    def __init__(self, like: KVCache, rows: int, capacity: int) -> None:
        import torch

        layers, heads, _, size = like.keys.shape
        self.keys = like.keys.new_zeros((layers, rows, heads, capacity, size))
        self.values = like.values.new_zeros((layers, rows, heads, capacity, size))
        self.rows = rows
        self._every = torch.arange(rows, device=self.keys.device)

    def fill(self, row: int, pasts: Sequence[KVCache]) -> None:
        """Copy a prompt's past into a row; older values behind it are hidden by the mask."""
        place = 0
        for past in pasts:
            stop = place + past.length
            self.keys[:, row, :, place:stop] = past.keys
            self.values[:, row, :, place:stop] = past.values
            place = stop

    def at(self, places: Tensor) -> None:
        """Set the place of each row's next token."""
        import torch

        device = self.keys.device
        self._places = places
        seen = torch.arange(self.keys.shape[3], device=device) <= places[:, None]
        hidden = torch.zeros(seen.shape, dtype=torch.float32, device=device)
        self._mask = hidden.masked_fill(~seen, -torch.inf)[:, None, None, :]

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend from every row to its own past, up to its place."""
        import torch

        keys, values = self.keys[layer], self.values[layer]
        keys[self._every, :, self._places] = key[0].transpose(0, 1)
        values[self._every, :, self._places] = value[0].transpose(0, 1)
        heads, size = query.shape[1], query.shape[3]
        # Query heads that share a key head (GQA) become rows of the same product.
        asked = query[0].transpose(0, 1).reshape(self.rows, keys.shape[1], -1, size)
        # Scores and softmax in float32, whatever the model's precision.
        weights = torch.matmul(asked, keys.transpose(-1, -2)).float() * scale + self._mask
        found = torch.matmul(weights.softmax(-1).to(values.dtype), values)
        return found.reshape(1, self.rows, heads, size)
