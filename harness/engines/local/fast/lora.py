"""Plain LoRA adapters merged into a fast base, to the last bit as PEFT merges them.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from harness.engines.local.fast.config import MATRICES
from harness.engines.local.fast.files import Unusual, only, read_table, tensors
from harness.engines.local.fast.llama import Linear, Llama
from harness.engines.local.mapped import give_back
from harness.engines.local.originals import Originals
from harness.engines.protocol import Mounted

_log = logging.getLogger(__name__)

_HARMLESS = {
    "auto_mapping",
    "base_model_name_or_path",
    "inference_mode",
    "lora_alpha",
    "lora_dropout",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "revision",
    "target_modules",
    "use_rslora",
}
_TARGETS = [name.rpartition(".")[2] for name in MATRICES]


@dataclass(frozen=True, slots=True)
class LoraDelta:
    """The change that an adapter makes: `scaling * B @ A` for each of its matrices."""

    scaling: float
    pairs: dict[str, tuple[Tensor, Tensor]]
    """A and B by the name of the matrix."""


class Merging:
    """A fast base with a single adapter's weights at a time; its own come back bit for bit."""

    def __init__(self, base: Llama) -> None:
        self._linears = {linear.name: linear for linear in base.modules()}
        self._originals = Originals("weight")
        self._read: tuple[str, LoraDelta] | None = None
        """The adapter that was read last, with its digest."""
        self.mounted: dict[str, None] = {}
        """The digest of the adapter in the weights, if any."""

    def takes(self, adapter: Mounted) -> bool:
        """Return whether the adapter is a plain LoRA; PEFT mounts all others."""
        if adapter.folder is None or adapter.digest in self.mounted:
            return True
        try:
            self._delta(adapter.digest, adapter.folder)
        except Unusual as problem:
            _log.info("%s: PEFT mounts it (%s)", adapter.name, problem)
            return False
        except Exception as problem:
            _log.error("%s: reading it without PEFT failed, a bug (%r)", adapter.name, problem)
            raise
        return True

    def _delta(self, digest: str, folder: Path) -> LoraDelta:
        if self._read is None or self._read[0] != digest:
            self._read = (digest, read_lora(folder, list(self._linears.values())))
        return self._read[1]

    @contextmanager
    def using(self, adapter: Mounted) -> Iterator[None]:
        """Give the base exactly this adapter's weights, or its own for the base itself."""
        if adapter.digest not in self.mounted:
            self.mounted = {}
            self._originals.restore()
            if adapter.folder is not None:
                self._merge(self._delta(adapter.digest, adapter.folder))
                self.mounted = {adapter.digest: None}
        yield

    def _merge(self, delta: LoraDelta) -> None:
        with torch.inference_mode():  # the same operations as in PEFT's merge, in its order
            for name, (a, b) in delta.pairs.items():
                self._originals.replace(self._linears[name])
                self._linears[name].weight.add_((b @ a).mul_(delta.scaling))
        give_back()


def read_lora(folder: Path, linears: list[Linear]) -> LoraDelta:
    """Read an adapter; `Unusual` unless it is whole and changes only matrices of the layers."""
    told = read_table(folder / "adapter_config.json")
    odd = {
        "bias": told.get("bias", "none") != "none",
        "peft_type": told.get("peft_type") != "LORA",
        "task_type": told.get("task_type") not in (None, "CAUSAL_LM"),
        "init_lora_weights": told.get("init_lora_weights", True) not in (True, False, "gaussian"),
    }
    only(_HARMLESS | set(odd), told, "adapter_config.json")
    for name in (name for name, yes in odd.items() if yes):
        raise Unusual(f"adapter_config.json: {name} is {told.get(name)!r}")
    targets, rank, alpha = (told.get(key) for key in ("target_modules", "r", "lora_alpha"))
    if not isinstance(targets, list) or not targets or any(t not in _TARGETS for t in targets):
        raise Unusual(f"adapter_config.json: target_modules is {targets!r}")
    if type(rank) is not int or rank < 1 or not isinstance(alpha, int | float):
        raise Unusual(f"adapter_config.json: r is {rank!r}, lora_alpha {alpha!r}")
    changed = [one for one in linears if one.name.rpartition(".")[2] in targets]
    scaling = alpha / (math.sqrt(rank) if told.get("use_rslora") else rank)
    return LoraDelta(scaling, _pairs(folder, changed, rank))


def _pairs(folder: Path, linears: list[Linear], rank: int) -> dict[str, tuple[Tensor, Tensor]]:
    values = tensors(folder / "adapter_model.safetensors", torch.float32)
    found = {}
    for linear in linears:
        a, b = (
            values.pop(f"base_model.model.{linear.name}.lora_{which}.weight", None)
            for which in "AB"
        )
        out, size = linear.weight.shape
        if a is None or b is None or a.shape != (rank, size) or b.shape != (out, rank):
            raise Unusual(f"no pair of tensors fits {linear.name}")
        found[linear.name] = (a, b)
    if values:
        raise Unusual(f"{len(values)} tensors belong to no matrix, such as {min(values)}")
    return found
