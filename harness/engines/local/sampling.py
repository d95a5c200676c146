"""How the next token is chosen, row by row, so that no row ever depends on its neighbours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from harness.errors import EngineFailed
from harness.records import Generation, Prompt


class Sampler:
    """Greedy with ties to the lowest token, or sampling with a row's own noise.

    Adding Gumbel noise and taking the largest is exactly sampling from the softmax, and each row
    draws from a generator of its own, so a sample is the same alone and in any batch.
    """

    def __init__(self, generation: Generation, adapter: str) -> None:
        self.generation = generation
        self.adapter = adapter

    def noise(self, prompt: Prompt) -> Any:
        """Where one row's noise comes from; None where nothing is drawn."""
        import torch

        if not self.generation.temperature:
            return None
        turns = [[m.role, m.content] for m in prompt.messages]
        key = json.dumps([self.generation.seed, prompt.sample, turns]).encode()
        seed = int.from_bytes(hashlib.sha256(key).digest()[:7], "big")
        return torch.Generator().manual_seed(seed)

    def tokens(self, scores: Any, noise: Sequence[Any]) -> Any:
        """One token per row; `noise` has one source per row, None for a row that nobody asked."""
        import torch

        scores = scores.float()
        if not torch.isfinite(scores.amax(-1)).all():
            raise EngineFailed(f"{self.adapter}: its logits are not numbers, so it cannot write")
        if self.generation.temperature:
            scores = scores / self.generation.temperature + _gumbel(scores, noise)
        return scores.argmax(-1)  # of equal ones torch takes the first


class SamplerProcessor:
    """The choice as transformers' own loop takes it: scores with only one token possible."""

    def __init__(self, prompts: Sequence[Prompt], choice: Sampler) -> None:
        self.choice = choice
        self.noise = [choice.noise(prompt) for prompt in prompts]

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Called by transformers before every token."""
        import torch

        chosen = self.choice.tokens(scores, self.noise)[:, None]
        return torch.full_like(scores.float(), -torch.inf).scatter(1, chosen, 0.0)


def _gumbel(scores: Any, noise: Sequence[Any]) -> Any:
    import torch

    size = scores.shape[-1]
    rows = [torch.ones(size) if g is None else torch.rand(size, generator=g) for g in noise]
    return -torch.log(-torch.log(torch.stack(rows).clamp(1e-20, 1 - 2**-24))).to(scores.device)
