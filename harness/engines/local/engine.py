"""Engine `transformers`: the base in process, loaded once, adapters swapped on it.

The usual kinds of base and adapter are computed with torch alone, to the last bit as transformers
and PEFT compute them, which then need not be imported; everything else goes through those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.engines.local.adapters import Mounting
from harness.engines.local.base import bare_base, load_base
from harness.engines.local.device import Device
from harness.engines.local.packed import Packed
from harness.engines.local.padded import Padded
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed, HarnessError, reason
from harness.libraries import quiet_environment, versions
from harness.records import Generation, Output, Prompt

if TYPE_CHECKING:
    from harness.engines.local.fast.lora import Merging

_LIBRARIES = ("torch", "transformers", "peft", "tokenizers")
_WAYS = "packed-1"
"""Raised when this engine changes what a model writes."""

_BASE = Mounted("base", "", None)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One base in memory: how it is asked, and how adapters come onto it."""

    way: Packed | Padded
    mounting: Mounting | Merging


class Transformers:
    """Holds one base model and any adapters on it; nothing is loaded before it is used."""

    name = "transformers"
    likelihoods = True

    def __init__(
        self, base: Callable[[], Path], device: Device, merge: bool = True, bare: bool = True
    ) -> None:
        """`base` is asked for the folder when it is needed: a GGUF may have to be converted.

        `bare`: whether transformers and PEFT may be left out where they are not needed.
        """
        self.base = base
        self.device = device
        self.merge = merge
        self._bare = bare and merge
        self._loaded: _Loaded | None = None
        self._unmoved: tuple[object, Any] | None = None
        """What the base makes of the prompt that adapters are proven with."""

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Decoding, dtype, device class, library versions and this engine's way of batching."""
        decoding = generation.decoding | {"dtype": self._dtype(generation)}
        return {
            "engine": self.name,
            "way": _WAYS if self.merge else f"{_WAYS} unmerged",
            "decoding": decoding,
            "device": f"{self.device.kind} {self.device.model}",
            "versions": versions(_LIBRARIES),
        }

    def _dtype(self, generation: Generation) -> str:
        return self.device.dtype if generation.dtype == "auto" else generation.dtype

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Greedy, or seeded per row where there is a temperature.

        A device whose memory is too small for so many rows gets half of them.
        """
        left = {(prompt.case, prompt.sample): prompt for prompt in prompts}
        how = generation
        while left:
            try:
                for outputs in self._written(adapter, tuple(left.values()), how):
                    for output in outputs:
                        del left[output.case, output.sample]
                    yield outputs
            except OutOfMemory:
                if how.batch == 1:
                    raise
                how = replace(how, batch=how.batch // 2)
            else:
                return

    def _written(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        return self._asked(
            adapter, generation, lambda way, m: way.write(m, adapter, prompts, generation)
        )

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Mean NLL of each ideal's tokens and the end token, given the prompt."""
        return self._asked(
            adapter, generation, lambda way, m: way.weigh(m, adapter, prompts, generation)
        )

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float:
        """How far the adapter moves the next token's logits at most: 0 is not applied."""
        if self._unmoved is None or self._unmoved[0] != (prompt.messages, generation):
            base = self._last_logits(_BASE, prompt, generation)
            self._unmoved = ((prompt.messages, generation), base)  # the next adapter's as well
        moved = self._last_logits(adapter, prompt, generation)
        return float((self._unmoved[1] - moved).abs().max())

    def _last_logits(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> Any:
        (found,) = self._asked(
            adapter, generation, lambda way, model: iter([way.last_logits(model, prompt)])
        )
        return found.float()

    def _asked(
        self,
        adapter: Mounted,
        generation: Generation,
        work: Callable[[Packed | Padded, Any], Iterator[Found]],
    ) -> Iterator[Found]:
        """Step by step, the adapter mounted only while a step is made.

        So whoever stops listening in between leaves nothing switched on or off.
        """
        loaded = self._for(adapter, generation)
        import torch  # not before the environment is set

        steps: Iterator[Found] | None = None
        while True:
            with self._using(loaded, adapter) as model, torch.inference_mode():
                steps = work(loaded.way, model) if steps is None else steps
                found = next(steps, None)
            if found is None:
                return
            yield found

    def way(self, generation: Generation) -> Packed | Padded:
        """The base in the dtype that is wanted, and how it is asked; loaded where it is not."""
        return self._for(_BASE, generation).way

    def _for(self, adapter: Mounted, generation: Generation) -> _Loaded:
        quiet_environment()  # before anything imports torch
        dtype = self._dtype(generation)
        if self._loaded is None or self._loaded.way.base.dtype != dtype:
            self._loaded = None  # the old one's memory goes before the new one comes
            self._loaded = self._load(dtype)
        if not self._loaded.mounting.takes(adapter):
            self._bare = False  # for good: its neighbours are likely to be of its kind
            self._loaded = None
            self._loaded = self._load(dtype)
        return self._loaded

    def _load(self, dtype: str) -> _Loaded:
        folder, kind = self.base(), self.device.kind
        base = bare_base(folder, kind, dtype) if self._bare else None
        if base is not None:
            from harness.engines.local.fast.lora import Merging

            return _Loaded(Packed(base), Merging(base.model))
        base = load_base(folder, kind, dtype)
        way = Packed(base) if base.packed else Padded(base)
        return _Loaded(way, Mounting(base.model, self.merge))

    @contextmanager
    def _using(self, loaded: _Loaded, adapter: Mounted) -> Iterator[Any]:
        """The model with this adapter; what torch says becomes one line."""
        try:
            with loaded.mounting.using(adapter) as model:
                yield model
        except HarnessError:
            if adapter.digest not in loaded.mounting.mounted and adapter.folder is not None:
                self._loaded = None  # it may be half in the model: others would answer with it
            raise
        except (RuntimeError, IndexError, ValueError, MemoryError) as problem:
            kind = OutOfMemory if _out_of_memory(problem) else EngineFailed
            raise kind(f"{adapter.name}: the model failed ({reason(problem)})") from problem


class OutOfMemory(EngineFailed):
    """The device has no memory left for this many rows."""


def _out_of_memory(problem: Exception) -> bool:
    """Said in as many ways as there are devices."""
    said = str(problem).lower()
    return isinstance(problem, MemoryError) or "out of memory" in said or "can't allocate" in said
