"""Choose the next token, row by row, so that no row ever depends on its neighbours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import EngineFailed
from harness.records import Generation, Prompt

if TYPE_CHECKING:
    from torch import FloatTensor, Generator, LongTensor, Tensor


class Sampler:
    """Greedy with ties to the lowest token, or sampling with a row's own noise.

    Adding Gumbel noise and taking the largest is exactly sampling from the softmax, and each row
    draws from its own generator, so a sample is the same alone and in any batch.
    """

    def __init__(self, generation: Generation, adapter: str) -> None:
        self.generation = generation
        self.adapter = adapter

    def noise(self, prompt: Prompt) -> Generator | None:
        """Return the source of a row's noise; None for greedy decoding."""
        import torch

        if not self.generation.temperature:
            return None
        turns = [[m.role, m.content] for m in prompt.messages]
        key = json.dumps([self.generation.seed, prompt.sample, turns]).encode()
        # 56 bits, within the range of torch's seeds.
        seed = int.from_bytes(hashlib.sha256(key).digest()[:7], "big")
        return torch.Generator().manual_seed(seed)

    def tokens(self, scores: Tensor, noise: Sequence[Generator | None]) -> Tensor:
        """Return a token per row; `noise` has a source per row, None for an empty row."""
        import torch

        scores = scores.float()
        # The maximum is NaN if any score is, so a single number per row is enough to check.
        if not torch.isfinite(scores.amax(-1)).all():
            raise EngineFailed(f"{self.adapter}: its logits are not numbers, so it cannot write")
        if self.generation.temperature:
            scores = scores / self.generation.temperature + _gumbel(scores, noise)
        return scores.argmax(-1)  # of equal scores torch takes the first


class SamplerProcessor:
    """The sampler for transformers' own loop: it leaves each row a single possible token."""

    def __init__(self, prompts: Sequence[Prompt], sampler: Sampler) -> None:
        self.sampler = sampler
        self.noise = [sampler.noise(prompt) for prompt in prompts]

    def __call__(self, ids: LongTensor, scores: FloatTensor) -> Tensor:
        """Return scores with only the chosen token possible; transformers calls it every step."""
        import torch

        chosen = self.sampler.tokens(scores, self.noise)[:, None]
        return torch.full_like(scores.float(), -torch.inf).scatter(1, chosen, 0.0)


def _gumbel(scores: Tensor, noise: Sequence[Generator | None]) -> Tensor:
    import torch

    size = scores.shape[-1]
    # Drawn on the CPU: every device then gets the same noise.
    rows = [torch.ones(size) if g is None else torch.rand(size, generator=g) for g in noise]
    # Clamped away from 0 and 1, where a logarithm would be infinite.
    return -torch.log(-torch.log(torch.stack(rows).clamp(1e-20, 1 - 2**-24))).to(scores.device)
