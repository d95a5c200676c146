"""Tokens of many sequences go through one forward pass, and each reads only its own past.

Handed to transformers through its interface for attention functions, so that every architecture
that uses this interface keeps its own layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.engines.local.packing import Chunk

NAME = "lora_harness"
"""Under which transformers knows the function below."""


class Reader(Protocol):
    """What one forward pass keeps of every layer, and what its tokens may look at."""

    def attend(self, layer: int, query: Any, key: Any, value: Any, scale: float) -> Any:
        """From [1, heads, tokens, size], each, to [1, tokens, heads, size]."""
        ...


@dataclass(frozen=True, slots=True)
class KVCache:
    """Keys and values of tokens that were read; each [layers, heads, tokens, size]."""

    keys: Any
    values: Any

    @property
    def length(self) -> int:
        """How many tokens."""
        return int(self.keys.shape[2])

    @property
    def bytes(self) -> int:
        """The memory it takes."""
        return int(2 * self.keys.numel() * self.keys.element_size())


def register() -> None:
    """Make the function known; doing it twice changes nothing."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attend)


def _attend(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    scaling: float | None = None,
    reader: Reader | None = None,
    **_: Any,
) -> tuple[Any, None]:
    if reader is None:
        raise ValueError("this model does not hand its arguments on to its attention")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return reader.attend(module.layer_idx, query, key, value, scale), None


class ReadingAttention:
    """Many new tokens of several sequences: each sequence attends on its own."""

    def __init__(self, chunk: Chunk, device: str) -> None:
        self.chunk = chunk
        self._masks = [_causal(s.before, len(s.ids), device) for s in chunk.segments]
        self._kept: dict[int, tuple[Any, Any]] = {}

    def attend(self, layer: int, query: Any, key: Any, value: Any, scale: float) -> Any:
        """Places that no segment fills stay zero; nobody looks at them."""
        from torch.nn.functional import scaled_dot_product_attention

        self._kept[layer] = (key, value)
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
        """What each segment has added, copied out so that the chunk's own memory can go."""
        import torch

        layers = [self._kept[layer] for layer in sorted(self._kept)]
        return [
            KVCache(
                torch.stack([key[0, :, start:stop] for key, _ in layers]),
                torch.stack([value[0, :, start:stop] for _, value in layers]),
            )
            for _, start, stop in self.chunk.places
        ]


def _joined(before: Sequence[Any], new: Any) -> Any:
    import torch

    return torch.cat([*(past[None] for past in before), new], dim=2) if before else new


def _causal(before: int, new: int, device: str) -> Any:
    """Everything before, and of the new tokens those up to itself; None says just that to torch."""
    import torch

    if not before:
        return None
    return torch.ones(new, before + new, dtype=torch.bool, device=device).tril(before)


class WritingAttention:
    """One new token for each of a fixed number of rows, whose past lies in room of one fixed size.

    Plain matrix products instead of torch's fused attention: that one depends on a row's place.
    """

    def __init__(self, like: KVCache, rows: int, room: int) -> None:
        layers, heads, _, size = like.keys.shape
        self.keys = like.keys.new_zeros((layers, rows, heads, room, size))
        self.values = like.values.new_zeros((layers, rows, heads, room, size))
        self.rows, self.room = rows, room
        self._places: Any = None
        self._mask: Any = None
        self._every: Any = None

    def fill(self, row: int, pasts: Sequence[KVCache]) -> None:
        """A row begins with what was read for it; what lay there before is hidden by the mask."""
        place = 0
        for past in pasts:
            stop = place + past.length
            self.keys[:, row, :, place:stop] = past.keys
            self.values[:, row, :, place:stop] = past.values
            place = stop

    def at(self, places: Any) -> None:
        """Where the next token of each row stands."""
        import torch

        device = self.keys.device
        self._places, self._every = places, torch.arange(self.rows, device=device)
        seen = torch.arange(self.room, device=device) <= places[:, None]
        hidden = torch.zeros(seen.shape, dtype=torch.float32, device=device)
        self._mask = hidden.masked_fill(~seen, -torch.inf)[:, None, None, :]

    def attend(self, layer: int, query: Any, key: Any, value: Any, scale: float) -> Any:
        """Every row looks at its own past, up to the place where it stands."""
        import torch

        keys, values = self.keys[layer], self.values[layer]
        keys[self._every, :, self._places] = key[0].transpose(0, 1)
        values[self._every, :, self._places] = value[0].transpose(0, 1)
        heads, size = query.shape[1], query.shape[3]
        asked = query[0].transpose(0, 1).reshape(self.rows, keys.shape[1], -1, size)
        weights = torch.matmul(asked, keys.transpose(-1, -2)).float() * scale + self._mask
        found = torch.matmul(weights.softmax(-1).to(values.dtype), values)
        return found.reshape(1, self.rows, heads, size)
