"""Plain LoRA adapters merged into a bare base, to the last bit as PEFT merges them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.engines.local.fast.config import MATRICES
from harness.engines.local.fast.files import Unusual, described, only, tensors
from harness.engines.local.fast.llama import Linear, Llama
from harness.engines.protocol import Mounted

_HARMLESS = {
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
_TARGETS = {name.rpartition(".")[2] for name in MATRICES}


@dataclass(frozen=True, slots=True)
class LoraDelta:
    """What an adapter adds to every matrix it was trained for."""

    scaling: float
    pairs: dict[str, tuple[Any, Any]]
    """By matrix: A and B."""


class Merging:
    """A bare base with the weights of one adapter at a time; the base's own are never touched."""

    def __init__(self, base: Llama) -> None:
        self._base = base
        self._linears = {linear.name: linear for linear in base.modules()}
        self._plain = {name: linear.weight for name, linear in self._linears.items()}
        self._merged: dict[str, Any] = {}
        self._read: tuple[str, LoraDelta] | None = None
        """The adapter looked at last, by its digest."""
        self.mounted: dict[str, None] = {}
        """The digest whose weights lie ready."""

    def takes(self, adapter: Mounted) -> bool:
        """Whether the adapter is a plain one; any other is left to PEFT."""
        if adapter.folder is None or adapter.digest in self.mounted:
            return True
        try:
            self._change(adapter.digest, adapter.folder)
        except Exception:  # unusual or damaged: PEFT reads it, or says what is wrong
            return False
        return True

    def _change(self, digest: str, folder: Path) -> LoraDelta:
        if self._read is None or self._read[0] != digest:
            self._read = (digest, read_lora(folder, list(self._linears.values())))
        return self._read[1]

    @contextmanager
    def using(self, adapter: Mounted) -> Iterator[Any]:
        """The model with exactly this adapter, or with none."""
        if adapter.folder is not None and adapter.digest not in self.mounted:
            self.mounted, self._merged = {}, {}  # the old weights' memory goes first
            self._put({})
            self._merged = self._made(self._change(adapter.digest, adapter.folder))
            self.mounted = {adapter.digest: None}
        self._put({} if adapter.folder is None else self._merged)
        yield self._base

    def _put(self, changed: dict[str, Any]) -> None:
        for name, linear in self._linears.items():
            linear.weight = changed.get(name, self._plain[name])

    def _made(self, change: LoraDelta) -> dict[str, Any]:
        with torch.inference_mode():
            return {
                name: self._plain[name].clone().add_((b @ a).mul_(change.scaling))
                for name, (a, b) in change.pairs.items()
            }


def read_lora(folder: Path, linears: list[Linear]) -> LoraDelta:
    """An adapter that is whole and changes matrices of the layers and nothing else."""
    told = described(folder / "adapter_config.json")
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
    if not isinstance(targets, list) or not targets or not _TARGETS.issuperset(targets):
        raise Unusual(f"adapter_config.json: target_modules is {targets!r}")
    if type(rank) is not int or rank < 1 or not isinstance(alpha, int | float):
        raise Unusual(f"adapter_config.json: r is {rank!r}, lora_alpha {alpha!r}")
    changed = [one for one in linears if one.name.rpartition(".")[2] in targets]
    scaling = alpha / (math.sqrt(rank) if told.get("use_rslora") else rank)
    return LoraDelta(scaling, _pairs(folder, changed, rank))


def _pairs(folder: Path, linears: list[Linear], rank: int) -> dict[str, tuple[Any, Any]]:
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
