"""Check from its files alone that an adapter is safe, complete and for this base.

PEFT loads several broken adapters with only a warning and then answers as the base model does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from harness.errors import AdapterRefused, HarnessError
from harness.libraries import versions
from harness.records import DoctorCheck
from harness.workspace.adapters.base_shape import FLOATS, BaseShape
from harness.workspace.adapters.compared import LORA, HeaderComparison
from harness.workspace.adapters.config import AdapterConfig, read_config
from harness.workspace.adapters.files import (
    CONFIG,
    JUDGED,
    MAX_WEIGHTS,
    WEIGHTS,
    AdapterFiles,
    judged_names,
    read_training,
)
from harness.workspace.adapters.leftovers import folder_faults, passed_over
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.patterns import matching
from harness.workspace.formats.safetensors_header import Tensor, read_header, read_values

_LIBRARIES = ("torch", "transformers", "peft")
_REMEMBERED = "loading.json"
"""In the cache: adapters that PEFT loads whole, by the digests of base, adapter and libraries."""
_COMPARED = ("keys", "base")
"""Checks that need the base as well."""


class Loading(Protocol):
    """PEFT's own loading of an adapter, on a base without values (`engines/local/skeleton.py`)."""

    def modules(self, folder: Path) -> list[str]:
        """Return the names of the base's modules and parameters, against which PEFT matches."""
        ...

    def load(self, folder: Path) -> str:
        """Return what was loaded, in a few words; refuse what PEFT would load in part."""
        ...


def inspect(
    adapter: AdapterFiles, base: BaseShape | None, loading: Loading | None = None
) -> Iterator[DoctorCheck]:
    """Yield a result per check; stop at the first failure, since later checks build on it.

    Without a base (only the server has it) the checks that compare with the base are left out.
    `loading` answers where the headers of the base's files do not say what PEFT will do.
    """
    state = _Inspection(adapter, base or BaseShape("", {}), loading)
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

    def __init__(self, adapter: AdapterFiles, base: BaseShape, loading: Loading | None) -> None:
        self.adapter = adapter
        self.base = base
        self.loading = loading
        self.weights = adapter.folder / WEIGHTS
        self.found: AdapterConfig
        self.tensors: dict[str, Tensor]

    def fail(self, what: str) -> AdapterRefused:
        return AdapterRefused(f"{self.adapter.name}: {what}")

    def files(self) -> str:
        """Require the weights and the config; pass over the files that nothing loads."""
        for fault in folder_faults(self.adapter.folder):
            raise self.fail(fault)
        shipped = [name for name in judged_names(self.adapter.folder) if name not in JUDGED]
        found = f"{CONFIG}, {WEIGHTS}" + (", a tokenizer" if shipped else "")
        left = passed_over(self.adapter.folder)
        return f"{found}; not loaded: {left}" if left else f"{found}; no pickle, no code"

    def config(self) -> str:
        """Require a LoRA for a causal language model."""
        self.found = read_config(self.adapter.folder / CONFIG)
        if self.found.alpha == 0:
            raise self.fail("`lora_alpha` is 0, so the adapter changes nothing")
        more = [*(["DoRA"] if self.found.dora else []), *self.found.more]
        said = f"LoRA of rank {self.found.r}, alpha {self.found.alpha:g}"
        said += "".join(f", {one}" for one in more)
        if self.found.dropped:
            keys = ", ".join(f"`{key[:60]}`" for key in self.found.dropped[:5])
            said += f"; of a newer PEFT and left out by the installed one: {keys}"
        return said

    def header(self) -> str:
        """Check names, types and sizes of the tensors before any is allocated."""
        self.tensors = read_header(self.weights, AdapterRefused, MAX_WEIGHTS)
        if not self.tensors:
            raise self.fail(f"{WEIGHTS} holds no tensor")
        strange = [t for t in self.tensors.values() if t.dtype not in FLOATS]
        if strange:
            raise self.fail(f"{strange[0].name[:80]} is {strange[0].dtype}, floats are needed")
        size = sum(t.end - t.begin for t in self.tensors.values())
        return f"{len(self.tensors)} tensors, {size / 1e6:.1f} MB"

    def keys(self) -> str:
        """Require a place in the base for every tensor, and both tensors for every target."""
        compared = HeaderComparison(self.base, self.found, self.tensors, self.fail)
        if self.loading is not None and not compared.told_by_headers():
            return self._loaded_by_peft(self.loading)
        self._refuse_hanging(_with_parents(self.base.tensors))
        return f"{compared.compare()} modules, all of them in the base"

    def _loaded_by_peft(self, loading: Loading) -> str:
        key = hashlib.sha256(
            f"{self.base.digest} {self.adapter.digest} {versions(_LIBRARIES)}".encode()
        ).hexdigest()
        known = remembered(_REMEMBERED).get(key)
        if isinstance(known, str):
            return known
        self._refuse_hanging(loading.modules(self.adapter.folder))
        try:
            found = loading.load(self.adapter.folder)
        except HarnessError as problem:
            raise self.fail(str(problem)) from problem
        remember(_REMEMBERED, key, found)
        return found

    def _refuse_hanging(self, names: Sequence[str]) -> None:
        # PEFT matches with `re`, which cannot be stopped: here the same runs with a limit first.
        key = "target_modules" if isinstance(self.found.targets, str) else "rank_pattern"
        hangs = self.fail(f"the pattern in `{key}` runs for ever, list the modules instead")
        matching(self.found.patterns, names, hangs)

    def values(self) -> str:
        """Refuse NaN, infinity, and weights that leave the base as it was."""
        zero: set[str] = set()
        for name, values in read_values(self.weights, self.tensors):
            if not np.isfinite(values).all():
                raise self.fail(f"{name[:120]} holds NaN or infinity")
            if not values.any():
                zero.add(name)
        # B @ A is zero, and changes nothing, as soon as either of the two tensors is all zeros.
        matches = [match for name in self.tensors if (match := LORA.fullmatch(name))]
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


def _with_parents(tensors: Iterable[str]) -> list[str]:
    """Return the names of all modules that hold the tensors, and of those that hold these."""
    found = set()
    for name in tensors:
        parts = name.split(".")[:-1]
        found |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return sorted(found)
