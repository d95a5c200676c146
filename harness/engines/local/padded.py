"""Writing and weighing with padded batches and transformers' own loop, for any architecture.

Slower than packing, but it asks nothing of a model: windows and recurrence stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from harness.engines.local.base import Base
from harness.engines.local.fixed_shapes import FixedShapes, PaddedRow, fill_lanes
from harness.engines.local.sampling import Sampler, SamplerProcessor
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt


class Padded:
    """One loaded base; whatever it is asked with is the model that the adapter is mounted on."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def write(
        self, model: Any, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """One output per prompt, batch by batch."""
        rows = [PaddedRow(i, self.base.ids(p.messages)) for i, p in enumerate(prompts)]
        for lanes in fill_lanes(rows, generation.batch):
            asked = [prompts[row.index] for row in lanes.rows]
            written = model.generate(
                **self._tensors(lanes),
                generation_config=self._decoding(generation),
                logits_processor=[SamplerProcessor(asked, Sampler(generation, adapter.name))],
            )
            texts = written[: lanes.real, lanes.length :].tolist()
            yield tuple(
                self._output(p, ids, generation) for p, ids in zip(asked, texts, strict=False)
            )

    def _output(self, prompt: Prompt, ids: list[int], generation: Generation) -> Output:
        ends = [place for place, token in enumerate(ids) if token in self.base.ends]
        body = ids[: ends[0]] if ends else ids
        cut: Literal["length", "time"] = (
            "length" if len(ids) >= generation.max_new_tokens else "time"
        )
        words = self.base.text(body)
        return Output(prompt.case, words, prompt.sample, len(body), "stop" if ends else cut)

    def weigh(
        self, model: Any, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Mean NLL of each ideal's tokens and the end token, given the prompt."""
        asked = [(p, i) for p in prompts for i in range(len(p.ideals))]
        rows = [self._ideal_row(place, p, i) for place, (p, i) in enumerate(asked)]
        for lanes in fill_lanes(rows, generation.batch):
            nlls = self._nlls(model, lanes)
            found = [(*asked[row.index], nll) for row, nll in zip(lanes.rows, nlls, strict=True)]
            wrong = [p.case for p, _, nll in found if nll != nll]
            if wrong:
                raise EngineFailed(f"{adapter.name}: no likelihood for {wrong[0]} (NaN logits)")
            yield tuple(Weighed(p.case, i, nll) for p, i, nll in found[: lanes.real])

    def _ideal_row(self, place: int, prompt: Prompt, ideal: int) -> PaddedRow:
        tail = self.base.ideal(prompt, ideal)
        return PaddedRow(place, (*self.base.ids(prompt.messages), *tail), len(tail))

    def _nlls(self, model: Any, lanes: FixedShapes) -> list[float]:
        tensors = self._tensors(lanes)
        logits = model(
            **tensors,
            position_ids=(tensors["attention_mask"].cumsum(1) - 1).clamp(min=0),
            logits_to_keep=min(lanes.tail + 1, lanes.length),
            use_cache=False,
        ).logits[:, :-1]
        return [_mean_nll(row, logits[k]) for k, row in enumerate(lanes.rows)]

    def last_logits(self, model: Any, prompt: Prompt) -> Any:
        """What comes after a prompt."""
        lanes = next(fill_lanes([PaddedRow(0, self.base.ids(prompt.messages))], 1))
        return model(**self._tensors(lanes), use_cache=False).logits[0, -1]

    def _tensors(self, lanes: FixedShapes) -> dict[str, Any]:
        import torch

        pads = [lanes.length - len(row.ids) for row in lanes.rows]
        fill = self.base.pad
        ids = [[fill] * pad + list(row.ids) for pad, row in zip(pads, lanes.rows, strict=True)]
        mask = [[0] * pad + [1] * (lanes.length - pad) for pad in pads]
        place = self.base.device
        return {
            "input_ids": torch.tensor(ids, device=place),
            "attention_mask": torch.tensor(mask, device=place),
        }

    def _decoding(self, generation: Generation) -> Any:
        """The base's own defaults (a repetition penalty, say) were dropped when it was loaded."""
        from transformers import GenerationConfig

        return GenerationConfig(
            max_new_tokens=generation.max_new_tokens,
            max_time=generation.max_seconds,
            do_sample=False,
            eos_token_id=list(self.base.ends) or None,
            pad_token_id=self.base.pad,
            use_cache=True,
        )


def _mean_nll(row: PaddedRow, logits: Any) -> float:
    import torch

    wanted = torch.tensor(row.ids[-row.tail :], device=logits.device)
    losses = torch.nn.functional.cross_entropy(
        logits[-row.tail :].float(), wanted, reduction="none"
    )
    return float(losses.double().mean())
