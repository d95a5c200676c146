"""Is this adapter safe, complete and for this base? Said from the files alone, before any load.

PEFT loads several broken adapters with only a warning and then answers as the base model does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.errors import AdapterRefused, HarnessError
from harness.records import DoctorCheck
from harness.workspace.adapter_config import AdapterConfig, read_config
from harness.workspace.adapters import (
    CONFIG,
    MAX_WEIGHTS,
    WEIGHTS,
    AdapterFiles,
    read_training,
)
from harness.workspace.safetensors_header import Tensor, read_header, read_values

_PREFIX = "base_model.model."
_LORA = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_CODE = (".py", ".so", ".pyc")
_LAYER = re.compile(r"\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class BaseShape:
    """The base as its own safetensors headers describe it."""

    digest: str
    tensors: dict[str, tuple[int, ...]]

    def linear(self, module: str) -> tuple[int, int] | None:
        """(out, in) of a module's weight, None where the base has no such matrix."""
        shape = self.tensors.get(f"{module}.weight")
        return (shape[0], shape[1]) if shape and len(shape) == 2 else None


def base_shape(folder: Path, digest: str) -> BaseShape:
    """Names and shapes of the base, read from headers in milliseconds."""
    tensors: dict[str, tuple[int, ...]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        header = read_header(file, AdapterRefused, limit=10**13)
        tensors |= {name: tensor.shape for name, tensor in header.items()}
    return BaseShape(digest, tensors)


def inspect(adapter: AdapterFiles, base: BaseShape) -> Iterator[DoctorCheck]:
    """One line per thing looked at; stops at the first that later ones would stumble over."""
    state = _Inspection(adapter, base)
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("files", state.files),
        ("config", state.config),
        ("header", state.header),
        ("keys", state.keys),
        ("values", state.values),
        ("base", state.trained_on),
    )
    for name, step in steps:
        try:
            yield DoctorCheck(name, True, step())
        except HarnessError as problem:
            yield DoctorCheck(name, False, str(problem))
            return


class _Inspection:
    """What one step found out and the next one needs."""

    def __init__(self, adapter: AdapterFiles, base: BaseShape) -> None:
        self.adapter = adapter
        self.base = base
        self.weights = adapter.folder / WEIGHTS
        self.found: AdapterConfig
        self.tensors: dict[str, Tensor]

    def fail(self, what: str) -> AdapterRefused:
        return AdapterRefused(f"{self.adapter.name}: {what}")

    def files(self) -> str:
        """Safetensors and a config; no pickle and no code, alone or beside them."""
        names = sorted(f.name for f in self.adapter.folder.rglob("*") if f.is_file())
        foreign = [name for name in names if name.endswith(_PICKLES)]
        if foreign:
            raise self.fail(
                f"{foreign[0]} is a pickle, which runs code when loaded; save it as safetensors"
            )
        code = [name for name in names if name.endswith(_CODE)]
        if code:
            raise self.fail(f"{code[0]} is code, an adapter is weights and a config only")
        for needed in (CONFIG, WEIGHTS):
            if needed not in names:
                raise self.fail(f"{needed} is missing, `save_pretrained` of PEFT writes it")
        return f"{CONFIG}, {WEIGHTS}; no pickle, no code"

    def config(self) -> str:
        """A plain LoRA for a causal language model."""
        self.found = read_config(self.adapter.folder / CONFIG)
        if self.found.alpha == 0:
            raise self.fail("`lora_alpha` is 0, so the adapter changes nothing")
        return f"LoRA of rank {self.found.r}, alpha {self.found.alpha:g}"

    def header(self) -> str:
        """Sizes before allocation."""
        self.tensors = read_header(self.weights, AdapterRefused, MAX_WEIGHTS)
        if not self.tensors:
            raise self.fail(f"{WEIGHTS} holds no tensor")
        strange = [t for t in self.tensors.values() if t.dtype not in ("F64", "F32", "F16", "BF16")]
        if strange:
            raise self.fail(f"{strange[0].name[:80]} is {strange[0].dtype}, floats are needed")
        size = sum(t.end - t.begin for t in self.tensors.values())
        return f"{len(self.tensors)} tensors, {size / 1e6:.1f} MB"

    def keys(self) -> str:
        """Every tensor has its place in the base, and every targeted place its two tensors."""
        sides: dict[str, set[str]] = {}
        for tensor in self.tensors.values():
            match = _LORA.fullmatch(tensor.name)
            if match:
                self._fits(tensor, match["module"], match["side"])
                sides.setdefault(match["module"], set()).add(match["side"])
            elif not self._saved_whole(tensor):
                raise self.fail(f"the key {tensor.name[:120]} does not belong to the base")
        halves = [module for module, have in sides.items() if len(have) == 1]
        if halves:
            raise self.fail(f"{halves[0]} has only one of its two LoRA tensors")
        missing = sorted(self._targeted() - set(sides))
        if missing:
            total = len(missing) + len(sides)
            raise self.fail(
                f"{len(missing)} of {total} targeted modules have no tensors, such as {missing[0]}"
            )
        return f"{len(sides)} modules, all of them in the base"

    def _fits(self, tensor: Tensor, module: str, side: str) -> None:
        linear = self.base.linear(module)
        if linear is None:
            raise self.fail(f"the key {tensor.name[:120]} does not belong to the base")
        rank = self._rank(module)
        wanted = (rank, linear[1]) if side == "A" else (linear[0], rank)
        if tensor.shape != wanted:
            raise self.fail(
                f"{tensor.name[:120]} has shape {list(tensor.shape)}, rank and base need"
                f" {list(wanted)}"
            )

    def _rank(self, module: str) -> int:
        for pattern, rank in self.found.rank_pattern.items():
            if re.fullmatch(rf"(.*\.)?({pattern})", module):
                return rank
        return self.found.r

    def _saved_whole(self, tensor: Tensor) -> bool:
        name = tensor.name.removeprefix(_PREFIX)
        module = name.removesuffix(".weight").removesuffix(".bias")
        named = any(module == one or module.endswith(f".{one}") for one in self.found.saved)
        return named and self.base.tensors.get(name) == tensor.shape

    def _targeted(self) -> set[str]:
        modules = {
            name.removesuffix(".weight")
            for name, shape in self.base.tensors.items()
            if name.endswith(".weight") and len(shape) == 2
        }
        return {module for module in modules if self._is_target(module)}

    def _is_target(self, module: str) -> bool:
        if self.found.targets == "all-linear":
            return ".layers." in module or ".h." in module
        if self.found.exclude and _named(module, self.found.exclude):
            return False
        if self.found.layers is not None:
            layer = _LAYER.search(module)
            if layer is None or int(layer[1]) not in self.found.layers:
                return False
        return _named(module, self.found.targets)

    def values(self) -> str:
        """Finite numbers that change something."""
        moved = 0
        for name, values in read_values(self.weights, self.tensors).items():
            if not np.isfinite(values).all():
                raise self.fail(f"{name[:120]} holds NaN or infinity")
            if not name.endswith("lora_A.weight"):
                moved += bool(np.any(values))
        if not moved:
            raise self.fail("every lora_B is zero, so the adapter changes nothing")
        return "all finite, not a no-op"

    def trained_on(self) -> str:
        """The base that training.json names must be this base, byte for byte."""
        training = read_training(self.adapter.folder)
        named = (training or {}).get("base")
        digest = named.get("digest") if isinstance(named, dict) else None
        if digest is None:
            return "no training.json names its base; the shapes fit, more cannot be said"
        if digest != self.base.digest:
            raise self.fail(
                f"was trained on another base ({str(digest)[:12]}, not {self.base.digest[:12]}),"
                " point `base` at that one"
            )
        return f"trained on this base ({self.base.digest[:12]})"


def _named(module: str, targets: tuple[str, ...] | str) -> bool:
    if isinstance(targets, str):
        return re.fullmatch(targets, module) is not None
    return any(module == name or module.endswith(f".{name}") for name in targets)
