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
from harness.workspace.adapters.config import ALL_LINEAR, AdapterConfig, read_config
from harness.workspace.adapters.files import (
    CONFIG,
    MAX_WEIGHTS,
    WEIGHTS,
    AdapterFiles,
    read_training,
)
from harness.workspace.formats.patterns import matching
from harness.workspace.formats.safetensors_header import Tensor, read_header, read_values

_PREFIX = "base_model.model."
_LORA = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib")
_BLOCK = re.compile(r".*?\.[^.]*\.(?P<index>\d+)\.")
"""As PEFT finds a module's layer."""
_COMPARED = ("keys", "base")
"""Checks that look at the base too."""


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


def inspect(adapter: AdapterFiles, base: BaseShape | None) -> Iterator[DoctorCheck]:
    """One line per thing looked at; stops at the first that later ones would stumble over.

    Without a base, which only a server may have, what compares with it is left out.
    """
    state = _Inspection(adapter, base or BaseShape("", {}))
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("files", state.files),
        ("config", state.config),
        ("header", state.header),
        ("keys", state.keys),
        ("values", state.values),
        ("base", state.trained_on),
    )
    for name, step in steps:
        if base is None and name in _COMPARED:
            continue
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
        foreign = [name for name in names if name.lower().endswith(_PICKLES)]
        if foreign:
            raise self.fail(
                f"{foreign[0]} is a pickle, which runs code when loaded; save it as safetensors"
            )
        code = [name for name in names if name.lower().endswith(_CODE)]
        if code:
            raise self.fail(f"{code[0]} is code, an adapter is weights and a config only")
        for needed in (CONFIG, WEIGHTS):
            if not (self.adapter.folder / needed).is_file():
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
        targeted = self._targeted()
        dropped = sorted(set(sides) - targeted)
        if dropped:
            raise self.fail(
                f"{dropped[0]} has tensors but `target_modules` leaves it out, PEFT would drop them"
            )
        missing = sorted(targeted - set(sides))
        if missing:
            total = len(missing) + len(sides)
            raise self.fail(
                f"{len(missing)} of {total} targeted modules have no tensors, such as {missing[0]}"
            )
        if not sides:
            raise self.fail(f"{WEIGHTS} holds no LoRA tensor")
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
        for ending, rank in self.found.rank_pattern.items():
            name = ending.removeprefix("^").replace("\\.", ".")
            if module == name or (ending[0] != "^" and module.endswith(f".{name}")):
                return rank
        return self.found.r

    def _saved_whole(self, tensor: Tensor) -> bool:
        name = tensor.name.removeprefix(_PREFIX)
        module = name.removesuffix(".weight").removesuffix(".bias")
        return _ends_in(module, self.found.saved) and self.base.tensors.get(name) == tensor.shape

    def _targeted(self) -> set[str]:
        """The matrices that PEFT's own rules pick."""
        modules = sorted(
            name.removesuffix(".weight")
            for name, shape in self.base.tensors.items()
            if name.endswith(".weight") and len(shape) == 2
        )
        found = self._named(modules, "target_modules", self.found.targets)
        found -= self._named(modules, "exclude_modules", self.found.exclude)
        return {m for m in found if not _ends_in(m, self.found.saved) and self._layer_counts(m)}

    def _named(self, modules: list[str], key: str, names: tuple[str, ...] | str) -> set[str]:
        if names == ALL_LINEAR:
            return {module for module in modules if _BLOCK.match(module)}
        if not isinstance(names, str):
            return {module for module in modules if _ends_in(module, names)}
        hangs = self.fail(f"the pattern in `{key}` runs for ever, list the modules instead")
        return set(matching([names], modules, hangs)[names])

    def _layer_counts(self, module: str) -> bool:
        if not self.found.layers or isinstance(self.found.targets, str):
            return True
        for name in self.found.layers_pattern or ("",):
            block = re.match(rf"(?:^|.*?\.){name}\.(?P<index>\d+)\.", module) if name else None
            block = block or (None if name else _BLOCK.match(module))
            if block:
                return int(block["index"]) in self.found.layers
        return False

    def values(self) -> str:
        """Finite numbers that change something."""
        zero: set[str] = set()
        for name, values in read_values(self.weights, self.tensors):
            if not np.isfinite(values).all():
                raise self.fail(f"{name[:120]} holds NaN or infinity")
            if not values.any():
                zero.add(name)
        self._moves_something(zero)
        return "all finite, not a no-op"

    def _moves_something(self, zero: set[str]) -> None:
        """A module moves the base where both of its tensors are more than zeros."""
        matches = [match for name in self.tensors if (match := _LORA.fullmatch(name))]
        still = {match["module"] for match in matches if match.string in zero}
        if still == {match["module"] for match in matches} and len(matches) == len(self.tensors):
            side = "A" if all(name.endswith("lora_A.weight") for name in zero) else "B"
            raise self.fail(f"every lora_{side} is zero, so the adapter changes nothing")

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


def _ends_in(module: str, names: tuple[str, ...]) -> bool:
    """Whether the module, or the last parts of its name, is one of these."""
    parts = module.split(".")
    known = set(names)
    return any(".".join(parts[start:]) in known for start in range(len(parts)))
