"""Engine `transformers`: the base in process, loaded once, adapters swapped on it by PEFT."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from harness.engines.choice import Choice
from harness.engines.device import Device
from harness.engines.lanes import Lanes, Row, fill_lanes
from harness.engines.protocol import Mounted, Weighed
from harness.engines.turns import ideal_ids, prompt_ids
from harness.errors import EngineFailed, reason
from harness.libraries import quiet_libraries, versions
from harness.records import Generation, Message, Output, Prompt

_LIBRARIES = ("torch", "transformers", "peft", "tokenizers")
_WAYS = "lanes-1"
"""Raised when this file changes what a model writes."""


class Transformers:
    """Holds one base model and any adapters on it; nothing is loaded before it is used."""

    name = "transformers"
    likelihoods = True

    def __init__(self, base: Callable[[], Path], device: Device) -> None:
        """`base` is asked for the folder when it is needed: a GGUF may have to be converted."""
        self.base = base
        self.device = device
        self._model: Any = None
        self._tokenizer: Any = None
        self._ends: tuple[int, ...] = ()
        self._loaded = ""
        """The dtype of the loaded base."""
        self._mounted: set[str] = set()

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Decoding, dtype, device class, library versions and this engine's way of batching."""
        return {
            "engine": self.name,
            "way": _WAYS,
            "decoding": asdict(generation) | {"dtype": self._dtype(generation)},
            "device": f"{self.device.kind} {self.device.model}",
            "versions": versions(_LIBRARIES),
        }

    def _dtype(self, generation: Generation) -> str:
        return self.device.dtype if generation.dtype == "auto" else generation.dtype

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Greedy, or seeded per row where there is a temperature."""
        self._load(generation)
        rows = [Row(i, self._encode(p.messages)) for i, p in enumerate(prompts)]
        for lanes in fill_lanes(rows, generation.batch):
            with self._using(adapter):
                found = self._write(lanes, prompts, generation, adapter)
            yield found  # outside: who stops listening here must not leave an adapter switched off

    def _write(
        self, lanes: Lanes, prompts: Sequence[Prompt], generation: Generation, adapter: Mounted
    ) -> tuple[Output, ...]:
        import torch

        asked = [prompts[row.index] for row in lanes.rows]
        with torch.inference_mode():
            written = self._model.generate(
                **self._tensors(lanes),
                generation_config=self._decoding(generation),
                logits_processor=[Choice(asked, generation, adapter.name)],
            )
        texts = written[: lanes.real, lanes.length :].tolist()
        return tuple(self._output(p, ids) for p, ids in zip(asked, texts, strict=False))

    def _output(self, prompt: Prompt, ids: list[int]) -> Output:
        ends = [place for place, token in enumerate(ids) if token in self._ends]
        body = ids[: ends[0]] if ends else ids
        text = self._tokenizer.decode(body, skip_special_tokens=True).strip()
        finish: Literal["stop", "length"] = "stop" if ends else "length"
        return Output(prompt.case, text, prompt.sample, len(body), finish)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Mean NLL of each ideal's tokens and the end token, given the prompt."""
        self._load(generation)
        asked = [(p, i) for p in prompts for i in range(len(p.ideals))]
        rows = [self._ideal_row(place, p, i) for place, (p, i) in enumerate(asked)]
        for lanes in fill_lanes(rows, generation.batch):
            with self._using(adapter):
                nlls = self._weigh(lanes)
            found = [(*asked[row.index], nll) for row, nll in zip(lanes.rows, nlls, strict=True)]
            wrong = [p.case for p, _, nll in found if nll != nll]
            if wrong:
                raise EngineFailed(f"{adapter.name}: no likelihood for {wrong[0]} (NaN logits)")
            yield tuple(Weighed(p.case, i, nll) for p, i, nll in found[: lanes.real])

    def _ideal_row(self, place: int, prompt: Prompt, ideal: int) -> Row:
        tail = ideal_ids(self._tokenizer, prompt.ideals[ideal])
        return Row(place, (*self._encode(prompt.messages), *tail), len(tail))

    def _weigh(self, lanes: Lanes) -> list[float]:
        import torch

        tensors = self._tensors(lanes)
        with torch.inference_mode():
            logits = self._model(
                **tensors,
                position_ids=(tensors["attention_mask"].cumsum(1) - 1).clamp(min=0),
                logits_to_keep=min(lanes.tail + 1, lanes.length),
                use_cache=False,
            ).logits[:, :-1]
        return [self._mean_nll(row, logits[k]) for k, row in enumerate(lanes.rows)]

    def _mean_nll(self, row: Row, logits: Any) -> float:
        import torch

        wanted = torch.tensor(row.ids[-row.tail :], device=logits.device)
        losses = torch.nn.functional.cross_entropy(
            logits[-row.tail :].float(), wanted, reduction="none"
        )
        return float(losses.double().mean())

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float:
        """How far the adapter moves the next token's logits at most: 0 is not applied."""
        import torch

        self._load(generation)
        lanes = next(fill_lanes([Row(0, self._encode(prompt.messages))], 1))
        found = []
        for one in (adapter, Mounted("base", "", None)):
            with self._using(one), torch.inference_mode():
                found.append(self._model(**self._tensors(lanes), use_cache=False).logits[0, -1])
        return float((found[0].float() - found[1].float()).abs().max())

    # --- the model ---------------------------------------------------------------------------

    def _load(self, generation: Generation) -> None:
        dtype = self._dtype(generation)
        if self._model is not None and self._loaded == dtype:
            return
        self._forget()
        quiet_libraries()
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

        folder = self.base()
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                folder, padding_side="left", trust_remote_code=False
            )
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=getattr(torch, dtype),
                attn_implementation="eager",
                use_safetensors=True,
                trust_remote_code=False,
            )
            self._model = model.to(self.device.kind).eval()
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            raise EngineFailed(f"{folder}: the base does not load ({reason(problem)})") from None
        self._loaded = dtype
        self._ends = self._end_tokens(model)
        model.generation_config = GenerationConfig(eos_token_id=list(self._ends) or None)

    def _forget(self) -> None:
        """The base as it is now is not to be used again: it is loaded anew when it is needed."""
        self._model = None
        self._mounted.clear()

    @contextmanager
    def _using(self, adapter: Mounted) -> Iterator[None]:
        """The model with exactly this adapter, or with none; what torch says becomes one line."""
        try:
            with self._switched(adapter):
                yield
        except (RuntimeError, IndexError, ValueError, MemoryError) as problem:
            raise EngineFailed(f"{adapter.name}: the model failed ({reason(problem)})") from problem

    @contextmanager
    def _switched(self, adapter: Mounted) -> Iterator[None]:
        if adapter.folder is None:
            off = self._model.disable_adapter if self._mounted else nullcontext
            with off():
                yield
            return
        if adapter.digest not in self._mounted:
            self._mount(adapter.digest, adapter.folder, adapter.name)
        self._model.set_adapter(adapter.digest)
        yield

    def _mount(self, digest: str, folder: Path, name: str) -> None:
        from peft import PeftModel

        place = str(folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what PEFT only warns of is looked at below
                if self._mounted:
                    self._model.load_adapter(place, adapter_name=digest)
                else:
                    self._model = PeftModel.from_pretrained(self._model, place, digest)
            self._refuse_half(digest, folder)
        except (
            Exception
        ) as problem:  # PEFT and safetensors raise many kinds; all mean: not this one
            self._forget()  # it may be half in the model, and then others would answer with it
            raise EngineFailed(
                f"{name}: PEFT does not load it cleanly ({reason(problem)})"
            ) from None
        self._model.eval()
        self._mounted.add(digest)

    def _refuse_half(self, digest: str, folder: Path) -> None:
        """Every tensor of the file is in the model and every tensor of the adapter in the file.

        Where they are not the same, PEFT goes on with what fits and so answers as the base does.
        """
        from peft import get_peft_model_state_dict
        from safetensors import safe_open

        with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
            given = set(file.keys())
        inside = get_peft_model_state_dict(
            self._model, adapter_name=digest, save_embedding_layers=False
        )
        for what, keys in (("missing", set(inside) - given), ("unexpected", given - set(inside))):
            if keys:
                raise ValueError(f"{len(keys)} {what} adapter keys, such as {min(keys)}")

    # --- tokens ------------------------------------------------------------------------------

    def _encode(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return prompt_ids(self._tokenizer, messages)

    def _tensors(self, lanes: Lanes) -> dict[str, Any]:
        import torch

        pads = [lanes.length - len(row.ids) for row in lanes.rows]
        fill = self._pad()
        ids = [[fill] * pad + list(row.ids) for pad, row in zip(pads, lanes.rows, strict=True)]
        mask = [[0] * pad + [1] * (lanes.length - pad) for pad in pads]
        place = self.device.kind
        return {
            "input_ids": torch.tensor(ids, device=place),
            "attention_mask": torch.tensor(mask, device=place),
        }

    def _pad(self) -> int:
        """Any token: it is masked wherever it stands."""
        known = (self._tokenizer.pad_token_id, self._tokenizer.eos_token_id, 0)
        return next(int(token) for token in known if token is not None)

    def _end_tokens(self, model: Any) -> tuple[int, ...]:
        ends = model.generation_config.eos_token_id
        found = ends if isinstance(ends, list) else [ends]
        return tuple(sorted({e for e in (self._tokenizer.eos_token_id, *found) if e is not None}))

    def _decoding(self, generation: Generation) -> Any:
        """The base's own defaults (a repetition penalty, say) were dropped when it was loaded."""
        from transformers import GenerationConfig

        return GenerationConfig(
            max_new_tokens=generation.max_new_tokens,
            do_sample=False,
            eos_token_id=list(self._ends) or None,
            pad_token_id=self._pad(),
            use_cache=True,
        )
