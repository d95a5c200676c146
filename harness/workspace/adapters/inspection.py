"""Check from its files alone that an adapter is safe, complete and for this base.

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
from harness.workspace.formats.packed_shapes import plain_shapes
from harness.workspace.formats.patterns import matching
from harness.workspace.formats.safetensors_header import Tensor, read_header, read_values

_PREFIX = "base_model.model."
_LORA = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib")
_BLOCK = re.compile(r".*?\.[^.]*\.(?P<index>\d+)\.")
"""PEFT's own pattern for the number of a module's layer."""
_COMPARED = ("keys", "base")
"""Checks that need the base as well."""


@dataclass(frozen=True, slots=True)
class BaseShape:
    """Names and shapes of the base's tensors, from its safetensors headers."""

    digest: str
    """sha256 of the base's files."""
    tensors: dict[str, tuple[int, ...]]
    quantized: str = ""
    """How the weights in use are quantised; empty where not."""

    def linear(self, module: str) -> tuple[int, int] | None:
        """Return (out, in) of a module's weight, or None if the base has no such matrix."""
        shape = self.tensors.get(f"{module}.weight")
        return (shape[0], shape[1]) if shape and len(shape) == 2 else None


def base_shape(folder: Path, digest: str, quantized: str = "") -> BaseShape:
    """Read names and shapes of the base's tensors from the headers alone, in milliseconds."""
    tensors: dict[str, tuple[int, ...]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        # Only the header is read, so the limit on the file's size does not matter here.
        header = read_header(file, AdapterRefused, limit=10**13)
        tensors |= plain_shapes(file, header)
    return BaseShape(digest, tensors, quantized)


def inspect(adapter: AdapterFiles, base: BaseShape | None) -> Iterator[DoctorCheck]:
    """Yield a result per check; stop at the first failure, since later checks build on it.

    Without a base (only the server has it) the checks that compare with the base are left out.
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
    """The checks of an adapter; later checks read the results of earlier checks."""

    def __init__(self, adapter: AdapterFiles, base: BaseShape) -> None:
        self.adapter = adapter
        self.base = base
        self.weights = adapter.folder / WEIGHTS
        self.found: AdapterConfig
        self.tensors: dict[str, Tensor]

    def fail(self, what: str) -> AdapterRefused:
        return AdapterRefused(f"{self.adapter.name}: {what}")

    def files(self) -> str:
        """Require the weights and the config, and refuse pickles and code beside them."""
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
        """Require a plain LoRA for a causal language model."""
        self.found = read_config(self.adapter.folder / CONFIG)
        if self.found.alpha == 0:
            raise self.fail("`lora_alpha` is 0, so the adapter changes nothing")
        return f"LoRA of rank {self.found.r}, alpha {self.found.alpha:g}"

    def header(self) -> str:
        """Check names, types and sizes of the tensors before any is allocated."""
        self.tensors = read_header(self.weights, AdapterRefused, MAX_WEIGHTS)
        if not self.tensors:
            raise self.fail(f"{WEIGHTS} holds no tensor")
        strange = [t for t in self.tensors.values() if t.dtype not in ("F64", "F32", "F16", "BF16")]
        if strange:
            raise self.fail(f"{strange[0].name[:80]} is {strange[0].dtype}, floats are needed")
        size = sum(t.end - t.begin for t in self.tensors.values())
        return f"{len(self.tensors)} tensors, {size / 1e6:.1f} MB"

    def keys(self) -> str:
        """Require a place in the base for every tensor, and both tensors for every target."""
        found: dict[str, set[str]] = {}
        for tensor in self.tensors.values():
            match = _LORA.fullmatch(tensor.name)
            if match:
                self._check_shape(tensor, match["module"], match["half"])
                found.setdefault(match["module"], set()).add(match["half"])
            elif not self._saved_whole(tensor):
                raise self.fail(f"the key {tensor.name[:120]} does not belong to the base")
        incomplete = [module for module, halves in found.items() if len(halves) == 1]
        if incomplete:
            raise self.fail(f"{incomplete[0]} has only one of its two LoRA tensors")
        targeted = self._targeted()
        dropped = sorted(set(found) - targeted)
        if dropped:
            raise self.fail(
                f"{dropped[0]} has tensors but `target_modules` leaves it out, PEFT would drop them"
            )
        missing = sorted(targeted - set(found))
        if missing:
            total = len(missing) + len(found)
            raise self.fail(
                f"{len(missing)} of {total} targeted modules have no tensors, such as {missing[0]}"
            )
        if not found:
            raise self.fail(f"{WEIGHTS} holds no LoRA tensor")
        return f"{len(found)} modules, all of them in the base"

    def _check_shape(self, tensor: Tensor, module: str, half: str) -> None:
        linear = self.base.linear(module)
        if linear is None:
            raise self.fail(f"the key {tensor.name[:120]} does not belong to the base")
        # A projects the input down to the rank, B projects up to the output: the update is B @ A.
        rank = self._rank(module)
        wanted = (rank, linear[1]) if half == "A" else (linear[0], rank)
        if tensor.shape != wanted:
            raise self.fail(
                f"{tensor.name[:120]} has shape {list(tensor.shape)}, rank and base need"
                f" {list(wanted)}"
            )

    def _rank(self, module: str) -> int:
        # As PEFT does: the first entry wins, `^` anchors the whole name, otherwise the end counts.
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
        """Return the modules that PEFT's own rules would wrap."""
        modules = sorted(
            name.removesuffix(".weight")
            for name, shape in self.base.tensors.items()
            if name.endswith(".weight") and len(shape) == 2
        )
        found = self._matching(modules, "target_modules", self.found.targets)
        found -= self._matching(modules, "exclude_modules", self.found.exclude)
        return {m for m in found if not _ends_in(m, self.found.saved) and self._in_layers(m)}

    def _matching(self, modules: list[str], key: str, names: tuple[str, ...] | str) -> set[str]:
        if names == ALL_LINEAR:
            return {module for module in modules if _BLOCK.match(module)}
        if not isinstance(names, str):
            return {module for module in modules if _ends_in(module, names)}
        hangs = self.fail(f"the pattern in `{key}` runs for ever, list the modules instead")
        return set(matching([names], modules, hangs)[names])

    def _in_layers(self, module: str) -> bool:
        # PEFT applies `layers_to_transform` to a list of targets only, never to a pattern.
        if not self.found.layers or isinstance(self.found.targets, str):
            return True
        for name in self.found.layers_pattern or ("",):
            block = re.match(rf"(?:^|.*?\.){name}\.(?P<index>\d+)\.", module) if name else None
            block = block or (None if name else _BLOCK.match(module))
            if block:
                return int(block["index"]) in self.found.layers
        return False

    def values(self) -> str:
        """Refuse NaN, infinity, and weights that leave the base as it was."""
        zero: set[str] = set()
        for name, values in read_values(self.weights, self.tensors):
            if not np.isfinite(values).all():
                raise self.fail(f"{name[:120]} holds NaN or infinity")
            if not values.any():
                zero.add(name)
        # B @ A is zero, and changes nothing, as soon as either of the two tensors is all zeros.
        matches = [match for name in self.tensors if (match := _LORA.fullmatch(name))]
        still = {match["module"] for match in matches if match.string in zero}
        if still == {match["module"] for match in matches} and len(matches) == len(self.tensors):
            half = "A" if all(name.endswith("lora_A.weight") for name in zero) else "B"
            raise self.fail(f"every lora_{half} is zero, so the adapter changes nothing")
        return "all finite, not a no-op"

    def trained_on(self) -> str:
        """Require that the base named in `training.json` is this base, byte for byte."""
        training = read_training(self.adapter.folder)
        named = (training or {}).get("base")
        # No digest, no refusal: adapters trained elsewhere have none, and their shapes do fit.
        digest = named.get("digest") if isinstance(named, dict) else None
        if digest is None:
            return "no training.json names its base; the shapes fit, more cannot be said"
        if digest != self.base.digest:
            raise self.fail(
                f"was trained on another base ({str(digest)[:12]}, not {self.base.digest[:12]}),"
                " point `base` at that one"
            )
        # The same files in another precision: close enough to judge, and for the reader to weigh.
        trained, judged = _form((named or {}).get("quantized")), _form(self.base.quantized)
        forms = "" if trained == judged else f", trained {trained}, judged {judged}"
        return f"trained on this base ({self.base.digest[:12]}){forms}"


def _form(quantized: object) -> str:
    return f"in {str(quantized)[:32]}" if quantized else "unquantised"


def _ends_in(module: str, names: tuple[str, ...]) -> bool:
    """Return whether `names` has the module, or the last parts of its name."""
    parts = module.split(".")
    known = set(names)
    return any(".".join(parts[start:]) in known for start in range(len(parts)))
