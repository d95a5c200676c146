"""Generate and weigh with padded batches and transformers' own loop, for any architecture.

Slower than packing, but without demands on a model: windows and recurrence work as usual. Tested in
tests/engines/local/test_engine.py and test_packed.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from harness.engines.local.alone import forget_lengths
from harness.engines.local.base import Base
from harness.engines.local.fixed_shapes import FixedShapes, PaddedRow, fill_shapes
from harness.engines.local.packed import mean_nll
from harness.engines.local.sampling import Sampler, SamplerProcessor
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig, PreTrainedModel


class Padded:
    """Generation and weighing on a loaded base, with the adapter that is mounted on it."""

    def __init__(self, base: Base[PreTrainedModel]) -> None:
        self.base = base

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield an output per prompt, batch by batch."""
        from transformers import LogitsProcessorList

        model: Any = self.base.model  # the library types `generate` for another class
        rows = [PaddedRow(i, self.base.ids(p.messages)) for i, p in enumerate(prompts)]
        for batch in self._shapes(rows, generation):
            asked = [prompts[row.index] for row in batch.rows]
            processor = SamplerProcessor(asked, Sampler(generation, adapter.name))
            written: Tensor = model.generate(
                **self._tensors(batch),
                generation_config=self._decoding(generation),
                logits_processor=LogitsProcessorList([processor]),
            )
            texts = written[: batch.real, batch.length :].tolist()
            yield tuple(
                self._output(p, ids, generation) for p, ids in zip(asked, texts, strict=False)
            )

    def _output(self, prompt: Prompt, ids: list[int], generation: Generation) -> Output:
        ends = [place for place, token in enumerate(ids) if token in self.base.ends]
        body = ids[: ends[0]] if ends else ids
        cut: Literal["length", "time"] = (
            "length" if len(ids) >= generation.max_new_tokens else "time"
        )
        text = self.base.text(body)
        return Output(prompt.case, text, prompt.sample, len(body), "stop" if ends else cut)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the mean NLL of each ideal's tokens and the end token, given the prompt."""
        asked = [(p, i) for p in prompts for i in range(len(p.ideals))]
        rows = []
        for index, (prompt, i) in enumerate(asked):
            tail = self.base.ideal(prompt, i)
            rows.append(PaddedRow(index, (*self.base.ids(prompt.messages), *tail), len(tail)))
        for batch in self._shapes(rows, generation):
            nlls = self._nlls(batch)
            found = [(*asked[row.index], nll) for row, nll in zip(batch.rows, nlls, strict=True)]
            wrong = [p.case for p, _, nll in found if nll != nll]
            if wrong:
                raise EngineFailed(f"{adapter.name}: no likelihood for {wrong[0]} (NaN logits)")
            yield tuple(Weighed(p.case, i, nll) for p, i, nll in found[: batch.real])

    def _nlls(self, batch: FixedShapes) -> list[float]:
        tensors = self._tensors(batch)
        if not self.base.alone:  # alone nothing is padded, and some models take no positions
            tensors["position_ids"] = (tensors["attention_mask"].cumsum(1) - 1).clamp(min=0)
        kept = min(batch.tail + 1, batch.length)
        logits = self.base.model(**tensors, **self._keep(kept), use_cache=False).logits
        logits = logits[:, -kept:-1]
        return [
            mean_nll(logits[k][-row.tail :], row.ids[-row.tail :])
            for k, row in enumerate(batch.rows)
        ]

    def last_logits(self, prompt: Prompt) -> Tensor:
        """Return the next token's logits after a prompt."""
        row = PaddedRow(0, self.base.ids(prompt.messages))
        batch = next(self._shapes([row], Generation(batch=1)))
        logits: Tensor = self.base.model(**self._tensors(batch), use_cache=False).logits
        return logits[0, -1]

    def _shapes(self, rows: Sequence[PaddedRow], generation: Generation) -> Iterator[FixedShapes]:
        if not self.base.alone:
            yield from fill_shapes(rows, generation.batch)
            return
        for batch in fill_shapes(rows, 1, step=1):
            forget_lengths(self.base.model)
            yield batch

    def _keep(self, last: int) -> dict[str, int]:
        """Return the argument that asks for the last logits only, where the model has it."""
        takes = signature(self.base.model.forward).parameters
        return {"logits_to_keep": last} if "logits_to_keep" in takes else {}

    def _tensors(self, batch: FixedShapes) -> dict[str, Tensor]:
        import torch

        pads = [batch.length - len(row.ids) for row in batch.rows]
        fill = self.base.pad
        ids = [[fill] * pad + list(row.ids) for pad, row in zip(pads, batch.rows, strict=True)]
        mask = [[0] * pad + [1] * (batch.length - pad) for pad in pads]
        device = self.base.device
        return {
            "input_ids": torch.tensor(ids, device=device),
            "attention_mask": torch.tensor(mask, device=device),
        }

    def _decoding(self, generation: Generation) -> GenerationConfig:
        from transformers import GenerationConfig

        # The base's own defaults (a repetition penalty, say) were dropped when it was loaded.
        return GenerationConfig(
            max_new_tokens=generation.max_new_tokens,
            max_time=generation.max_seconds,
            do_sample=False,
            eos_token_id=list(self.base.ends) or None,
            pad_token_id=self.base.pad,
            use_cache=True,
        )
