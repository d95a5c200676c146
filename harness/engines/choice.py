"""How the next token is chosen, row by row, so that no row ever depends on its neighbours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from harness.errors import EngineFailed
from harness.records import Generation, Prompt


class Choice:
    """A logits processor: greedy with ties to the lowest token, or sampling with its own noise.

    Adding Gumbel noise and taking the largest is exactly sampling from the softmax, and each row
    draws from a generator of its own, so a sample is the same alone and in any batch.
    """

    def __init__(self, prompts: Sequence[Prompt], generation: Generation, adapter: str) -> None:
        self.generation = generation
        self.adapter = adapter
        self.noise = [self._noise(prompt) for prompt in prompts] if generation.temperature else []

    def _noise(self, prompt: Prompt) -> Any:
        import torch

        turns = [[m.role, m.content] for m in prompt.messages]
        key = json.dumps([self.generation.seed, prompt.sample, turns]).encode()
        seed = int.from_bytes(hashlib.sha256(key).digest()[:7], "big")
        return torch.Generator().manual_seed(seed)

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Scores in which only the chosen token is possible."""
        import torch

        scores = scores.float()
        if not torch.isfinite(scores.amax(-1)).all():
            raise EngineFailed(f"{self.adapter}: its logits are not numbers, so it cannot write")
        if self.noise:
            scores = scores / self.generation.temperature + self._gumbel(scores)
        places = torch.arange(scores.shape[-1], device=scores.device)
        best = scores == scores.amax(-1, keepdim=True)
        chosen = torch.where(best, places, scores.shape[-1]).amin(-1, keepdim=True)
        return torch.full_like(scores, -torch.inf).scatter(1, chosen, 0.0)

    def _gumbel(self, scores: Any) -> Any:
        import torch

        rows = [torch.rand(scores.shape[-1], generator=g).clamp_min(1e-20) for g in self.noise]
        return -torch.log(-torch.log(torch.stack(rows))).to(scores.device)
