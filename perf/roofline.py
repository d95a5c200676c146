"""Estimate the least time of some work here: bytes over bandwidth, operations over matrix rate.

Both are measured, as the best of many tries; the work is counted from the model and the tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.engines.local.base import Base
    from harness.records import Output, Prompt

ROWS = 256
"""Tokens that go through a matrix together while the rate is measured."""
STREAM = 2**29
"""Bytes that are read and copied while the bandwidth is measured: no cache holds them."""
COUNTED = (
    "every distinct prompt token once (equal beginnings are read once), every token of every ideal"
    " but its last, every written token but the first of each text; logits only where a token is"
    " chosen or weighed; while writing the weights are read once per step for all rows, and there"
    " are at least as many steps as the longest text and the tokens per row ask for; each phase"
    " (reading, weighing, writing) takes the longer of bytes over bandwidth and operations over"
    " matrix rate, and the phases follow one another"
)


@dataclass(frozen=True)
class Shape:
    """The cost of one pass through the model."""

    body: int
    """Weights of all layers' matrices."""
    head: int
    """Weights of the last matrix, which gives logits."""
    layers: int
    heads: int
    key_heads: int
    size: int
    """Of one head."""
    width: int
    """Bytes of one number."""

    def operations(self, tokens: int, logits: int, looked_at: int) -> float:
        """Return a pass's operations; `looked_at` counts pairs of a token and an attended token."""
        attention = 4.0 * self.layers * self.heads * self.size * looked_at
        return 2.0 * self.body * tokens + 2.0 * self.head * logits + attention

    @property
    def weights(self) -> float:
        """Return the bytes of one pass over all weights."""
        return float((self.body + self.head) * self.width)

    @property
    def past(self) -> float:
        """Return the bytes of keys and values of one token."""
        return 2.0 * self.layers * self.key_heads * self.size * self.width


@dataclass(frozen=True)
class Text:
    """Tokens of one prompt and of its ideals, and the number of tokens generated for it."""

    prompt: tuple[int, ...]
    ideals: tuple[int, ...]
    written: int
    """The end token counts."""


@dataclass(frozen=True)
class Phase:
    """Work that depends on the phase before it."""

    name: str
    bytes: float
    operations: float

    def seconds(self, bandwidth: float, rate: float) -> float:
        """Return the least seconds this phase can take."""
        return max(self.bytes / bandwidth, self.operations / rate)


def phases(shape: Shape, texts: Sequence[Text], rows: int) -> list[Phase]:
    """Return reading, weighing and writing, as `COUNTED` describes."""
    prompts = {text.prompt for text in texts}
    nodes = {prompt[:depth] for prompt in prompts for depth in range(1, len(prompt) + 1)}
    reading = shape.operations(len(nodes), len(prompts), sum(map(len, nodes)))
    weighed = [(len(text.prompt), ideal - 1) for text in texts for ideal in text.ideals]
    tails, pairs = _after(weighed)
    weighing = shape.operations(tails, tails, pairs)
    written = [(len(text.prompt), max(0, text.written - 1)) for text in texts]
    fed, looked_at = _after(written)
    steps = max(max(new for _, new in written), -(-fed // rows))
    writing = shape.operations(fed, fed, looked_at)
    return [
        Phase("reading", shape.weights, reading),
        Phase("weighing", shape.weights, weighing),
        Phase("writing", steps * shape.weights + looked_at * shape.past, writing),
    ]


def counted(
    base: Base[Any], prompts: Sequence[Prompt], outputs: Mapping[str, Output], rows: int
) -> list[Phase]:
    """Count the work of prompts, ideals and outputs; a merged adapter costs no extra per token."""
    return phases(shape_of(base.model), texts_of(base, prompts, outputs), rows)


def texts_of(
    base: Base[Any], prompts: Sequence[Prompt], outputs: Mapping[str, Output]
) -> list[Text]:
    """Return the tokens of every prompt, ideal and output; a text not written has none."""
    form = base.formats.of(prompts[0].chat)
    written = {case: one.tokens + (one.finish == "stop") for case, one in outputs.items()}
    return [
        Text(
            form.ids(prompt.messages),
            tuple(len(form.pair(prompt.messages, ideal)[1]) for ideal in prompt.ideals),
            written.get(prompt.case, 0),
        )
        for prompt in prompts
    ]


def _after(parts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return new tokens and attended pairs; each part is (before, new)."""
    new = sum(count for _, count in parts)
    return new, sum(before * count + count * (count + 1) // 2 for before, count in parts)


def matrices(model: Any, of: str) -> list[Any]:
    """Return matrices with this in their name, of a bare base or of a transformers model."""
    from harness.engines.local.fast.llama import Llama

    if isinstance(model, Llama):
        return [one.weight for one in model.modules() if of in one.name]
    return [
        values.detach() for name, values in model.named_parameters()
        if values.dim() == 2 and of in name and "lora_" not in name
    ]  # fmt: skip


def shape_of(model: Any) -> Shape:
    """Return the shape of a causal model without an adapter on it."""
    config = model.config
    head = model.head if hasattr(model, "head") else model.get_output_embeddings()
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Shape(
        body=sum(values.numel() for values in matrices(model, ".layers.")),
        head=head.weight.numel(),
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        key_heads=getattr(config, "num_key_value_heads", config.num_attention_heads),
        size=size,
        width=head.weight.element_size(),
    )


def bandwidth(tries: int = 12) -> float:
    """Return bytes a second for reading, or reading and writing, a large tensor; the larger."""
    import torch

    source = torch.ones(STREAM // 4)
    target = torch.empty_like(source)
    reading = STREAM / _best(lambda: source.sum(), tries)
    copying = 2 * STREAM / _best(lambda: target.copy_(source), tries)
    return max(reading, copying)


def matrix_rate(model: Any, tries: int = 12) -> float:
    """Return operations a second over the matrices of one layer, with 256 rows."""
    import torch

    found = matrices(model, ".layers.0.")
    rows = [torch.randn(ROWS, weight.shape[1], dtype=weight.dtype) for weight in found]

    def layer() -> None:
        for _ in range(8):
            for row, weight in zip(rows, found, strict=True):
                torch.nn.functional.linear(row, weight)

    with torch.inference_mode():
        return 8 * 2.0 * ROWS * sum(w.numel() for w in found) / _best(layer, tries)


def _best(work: Callable[[], object], tries: int) -> float:
    work()
    spent = []
    for _ in range(tries):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return min(spent)
