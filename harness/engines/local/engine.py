"""Engine `transformers`: the base in this process, loaded once, adapters swapped on it.

The usual kinds of base and adapter are computed with torch alone, to the last bit as transformers
and PEFT compute them, which then need not be imported; all others go through those libraries.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from harness.engines.local.adapters import Mounting
from harness.engines.local.base import fast_base, load_base
from harness.engines.local.device import Device
from harness.engines.local.packed import Packed
from harness.engines.local.padded import Padded
from harness.engines.local.prompts import Formats
from harness.engines.local.room import collect, refuse_too_large
from harness.engines.local.weight_files import WeightFiles
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed, HarnessError, reason
from harness.libraries import quiet_environment, versions
from harness.records import Generation, Output, Prompt

if TYPE_CHECKING:
    from torch import Tensor

    from harness.engines.local.fast.lora import Merging

_log = logging.getLogger(__name__)

_LIBRARIES = ("torch", "transformers", "peft", "tokenizers")
_WAYS = "packed-3"
"""The version of this engine's behaviour: raised with every change in what a model writes."""

_BASE = Mounted("base", "", None)

Found = TypeVar("Found")


class OutOfMemory(EngineFailed):
    """The device has no memory left for this many rows."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A base in memory, with its way of generating and of mounting adapters."""

    runner: Packed | Padded
    mounting: Mounting | Merging
    files: WeightFiles | None = None
    """The files that its weights are mapped from; None where all of them were copied."""


class Transformers:
    """Holds a base model and any adapters on it; the base is loaded when first used."""

    name = "transformers"
    likelihoods = True

    def __init__(
        self,
        base: Callable[[], Path],
        device: Device,
        merge: bool = True,
        fast: bool = True,
        *,
        quantize: str = "",
        quantized: str = "",
    ) -> None:
        """Take a function for the base's folder: a GGUF may first have to be converted.

        `fast`: whether transformers and PEFT may be left out where they are not needed.
        `quantized`: how the weights are quantised in use; `quantize`: how, when they are loaded.
        """
        self.base = base
        self.device = device
        self.quantize, self.quantized = quantize, quantized or quantize
        # PEFT merges into quantised weights by rounding them anew, which no serving code does.
        self.merge = merge and not self.quantized
        self._fast = fast and self.merge
        self._loaded: _Loaded | None = None
        self._formats = Formats(base)
        self._unmoved: tuple[tuple[tuple[int, ...], Generation], Tensor] | None = None
        """The base's logits after the last prompt of `shift`, with that prompt's tokens."""

    def formats(self) -> Formats:
        """Return the chat formats of its prompts; no weights are loaded for them."""
        return self._formats

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return decoding, dtype, device class, library versions and this engine's version."""
        decoding = generation.decoding | {"dtype": self._dtype(generation)}
        libraries = (*_LIBRARIES, "bitsandbytes") if self.quantized else _LIBRARIES
        found = {
            "engine": self.name,
            "way": _WAYS if self.merge else f"{_WAYS} unmerged",
            "decoding": decoding,
            "device": f"{self.device.kind} {self.device.model}",
            "versions": versions(libraries),
        }
        return found | ({"quantized": self.quantized} if self.quantized else {})

    def _dtype(self, generation: Generation) -> str:
        return self.device.dtype if generation.dtype == "auto" else generation.dtype

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Generate greedily, or seeded per row with a temperature.

        If the device's memory is too small for this many rows, go on with half of them.
        """
        left = {(prompt.case, prompt.sample): prompt for prompt in prompts}
        how = generation

        def work(runner: Packed | Padded) -> Iterator[tuple[Output, ...]]:
            return runner.generate(adapter, tuple(left.values()), how)

        while left:
            try:
                for outputs in self._steps(adapter, how, work):
                    for output in outputs:
                        del left[output.case, output.sample]
                    yield outputs
            except OutOfMemory:
                if how.batch == 1:
                    raise
                how = replace(how, batch=how.batch // 2)
                _log.info("%s: out of memory, going on with %d rows", adapter.name, how.batch)
            else:
                return

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the mean NLL of each ideal's tokens and the end token, given the prompt."""
        return self._steps(
            adapter, generation, lambda runner: runner.likelihood(adapter, prompts, generation)
        )

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return how far the adapter moves the next token's logits at most; 0: not applied."""
        # Both are given the base's own tokens, also where the adapter has another template.
        ids = self._formats.of(prompt.chat).ids(prompt.messages)
        if self._unmoved is None or self._unmoved[0] != (ids, generation):
            # Kept for the next adapter, which is proven with the same prompt.
            unmoved = self._last_logits(_BASE, prompt, ids, generation)
            self._unmoved = ((ids, generation), unmoved)
        moved = self._last_logits(adapter, prompt, ids, generation)
        rows = min(len(moved), len(self._unmoved[1]))  # an adapter may bring tokens of its own
        return float((self._unmoved[1][:rows] - moved[:rows]).abs().max())

    def close(self) -> None:
        """Return at once: the model's memory goes with the process."""

    def release(self) -> None:
        """Give the model's memory back; the base is loaded again when it is next asked for."""
        if self._loaded is not None:
            self._loaded = None
            collect()

    def _last_logits(
        self, adapter: Mounted, prompt: Prompt, ids: tuple[int, ...], generation: Generation
    ) -> Tensor:
        (found,) = self._steps(
            adapter, generation, lambda runner: iter([runner.last_logits(prompt, ids)])
        )
        return found.float()

    def _steps(
        self,
        adapter: Mounted,
        generation: Generation,
        work: Callable[[Packed | Padded], Iterator[Found]],
    ) -> Iterator[Found]:
        """Yield the results of `work`, the adapter mounted only while each is computed.

        So a caller that stops in between leaves no adapter switched on, and several calls may take
        turns on the same model.
        """
        loaded = self._for(adapter, generation)
        import torch  # not before the environment is set

        steps: Iterator[Found] | None = None
        while True:
            with self._using(loaded, adapter), torch.inference_mode():
                steps = work(loaded.runner) if steps is None else steps
                found = next(steps, None)
            if loaded.files is not None:
                loaded.files.refuse_changed()
            if found is None:
                return
            yield found

    def runner(self, generation: Generation) -> Packed | Padded:
        """Return what generates on the base in the wanted dtype; load the base if need be."""
        return self._for(_BASE, generation).runner

    def _for(self, adapter: Mounted, generation: Generation) -> _Loaded:
        quiet_environment()  # before torch is imported
        dtype = self._dtype(generation)
        if self._loaded is None or self._loaded.runner.base.dtype != dtype:
            self.release()  # the old base's memory goes before the new base comes
            self._loaded = self._load(dtype)
        if not self._loaded.mounting.takes(adapter):
            self._fast = False  # for good: the next adapters are likely to be of the same kind
            self.release()
            self._loaded = self._load(dtype)
        return self._loaded

    def _load(self, dtype: str) -> _Loaded:
        folder, kind = self.base(), self.device.kind
        refuse_too_large(folder, dtype, kind, self.quantize)
        light = fast_base(folder, kind, dtype, self._formats) if self._fast else None
        if light is not None:
            from harness.engines.local.fast.lora import Merging

            return _Loaded(Packed(light), Merging(light.model))
        files = WeightFiles(folder)
        base = load_base(folder, kind, dtype, self._formats, self.quantize)
        files.refuse_changed()
        runner = Packed(base) if base.packed else Padded(base)
        quantized = getattr(base.model, "is_quantized", False)
        mounting = Mounting(base.model, self.merge and not quantized)
        return _Loaded(runner, mounting, files if kind == "cpu" else None)

    @contextmanager
    def _using(self, loaded: _Loaded, adapter: Mounted) -> Iterator[None]:
        """Mount the adapter; turn torch's errors into a line that names the adapter."""
        try:
            with loaded.mounting.using(adapter):
                yield
        except HarnessError:
            if adapter.digest not in loaded.mounting.mounted and adapter.folder is not None:
                self._loaded = None  # it may be half in the model: others would answer with it
            raise
        except (RuntimeError, IndexError, ValueError, MemoryError) as problem:
            _log.debug("%s: the model failed", adapter.name, exc_info=True)
            kind = OutOfMemory if _is_out_of_memory(problem) else EngineFailed
            raise kind(f"{adapter.name}: the model failed ({reason(problem)})") from problem


def _is_out_of_memory(problem: Exception) -> bool:
    # Devices raise different classes, so the message decides.
    said = str(problem).lower()
    return isinstance(problem, MemoryError) or "out of memory" in said or "can't allocate" in said
