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
from harness.engines.local.chat_format import ChatFormat
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
        for (room, form), some in self._alike(adapter, prompts, generation).items():
            rows = [PaddedRow(i, form.ids(p.messages)) for i, p in enumerate(some)]
            for batch in self._shapes(rows, generation):
                asked = [some[row.index] for row in batch.rows]
                written = self._written(adapter, batch, asked, form, room, generation)
                yield tuple(
                    self._output(p, ids, form, room) for p, ids in zip(asked, written, strict=False)
                )

    def _alike(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> dict[tuple[int, ChatFormat], list[Prompt]]:
        """Group prompts by their outputs' room and ends: a batch ends its rows in one way only."""
        found: dict[tuple[int, ChatFormat], list[Prompt]] = {}
        for prompt in prompts:
            form = self.base.form(adapter, prompt)
            length = len(form.ids(prompt.messages))
            room = self.base.formats.room(length, generation.max_new_tokens)
            found.setdefault((room, form), []).append(prompt)
        return found

    def _written(
        self,
        adapter: Mounted,
        batch: FixedShapes,
        asked: Sequence[Prompt],
        form: ChatFormat,
        room: int,
        generation: Generation,
    ) -> list[list[int]]:
        """Return the tokens that the model writes for the given rows of a batch."""
        from transformers import LogitsProcessorList, StoppingCriteriaList

        model: Any = self.base.model  # the library types `generate` for another class
        processor = SamplerProcessor(asked, Sampler(generation, adapter.name))
        texts: Any = [_TextEnds(form, batch.length)] if form.end.stop else []
        written: Tensor = model.generate(
            **self._tensors(batch),
            generation_config=self._decoding(form, room, generation),
            logits_processor=LogitsProcessorList([processor]),
            stopping_criteria=StoppingCriteriaList(texts),
        )
        rows: list[list[int]] = written[: batch.real, batch.length :].tolist()
        return rows

    def _output(self, prompt: Prompt, ids: list[int], form: ChatFormat, room: int) -> Output:
        stops = self.base.stops(form)
        ends = (n for n, t in enumerate(ids) if t in stops or form.is_over(ids[: n + 1]))
        end = next(ends, None)
        body = ids if end is None else ids[: end + (ids[end] not in stops)]
        cut: Literal["length", "time"] = "length" if len(ids) >= room else "time"
        text = form.answer(body)
        return Output(prompt.case, text, prompt.sample, len(body), cut if end is None else "stop")

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the mean NLL of each ideal's tokens and the end token, given the prompt."""
        asked = [(p, i) for p in prompts for i in range(len(p.ideals))]
        rows = []
        for index, (prompt, i) in enumerate(asked):
            ids, tail = self.base.form(adapter, prompt).pair(prompt.messages, prompt.ideals[i])
            rows.append(PaddedRow(index, (*ids, *tail), len(tail)))
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

    def last_logits(self, prompt: Prompt, ids: tuple[int, ...]) -> Tensor:
        """Return the next token's logits after a prompt."""
        batch = next(self._shapes([PaddedRow(0, ids)], Generation(batch=1)))
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

    def _decoding(self, form: ChatFormat, room: int, generation: Generation) -> GenerationConfig:
        from transformers import GenerationConfig

        # The base's own defaults (a repetition penalty, say) were dropped when it was loaded.
        return GenerationConfig(
            max_new_tokens=room,
            max_time=generation.max_seconds,
            do_sample=False,
            eos_token_id=sorted(self.base.stops(form)) or None,
            pad_token_id=self.base.pad,
            use_cache=True,
        )


class _TextEnds:
    """Ends a row whose turn ends with a text; transformers calls it after every token."""

    def __init__(self, form: ChatFormat, before: int) -> None:
        self._form, self._before = form, before

    def __call__(self, ids: Tensor, scores: object, **_: object) -> Tensor:
        import torch

        over = [self._form.is_over(row) for row in ids[:, self._before :].tolist()]
        return torch.tensor(over, device=ids.device)
