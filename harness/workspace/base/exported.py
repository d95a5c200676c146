"""Find an adapter's export: a whole model as it is deployed, in place of base and adapter.

An export is a folder as transformers writes it (plain, or quantised by any method it reads) or a
GGUF, made by `lora-harness export` or by anyone. Tested in tests/workspace/base/test_exported.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, WeightsError, reason
from harness.extras import missing
from harness.records import EXPORTED
from harness.workspace.adapters.files import CONFIG, AdapterFiles
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import read_json

NOTE = "export.json"
"""What `lora-harness export` writes beside the weights; other exports have none."""
PLAIN_TYPES = ("F32", "F16", "BF16")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True)
class Exported:
    """The export of an adapter."""

    name: str
    """The adapter's name and that of the export's folder: `adapter_v2+merged`."""
    of: AdapterFiles
    """The adapter that it is said to be an export of."""
    weights: Weights
    note: Mapping[str, Any]
    """What `export.json` says; empty for an export that another tool made."""

    def folder(self) -> Path:
        """Return the folder to load; refuse files that are no longer those that were found."""
        now = find_weights(self.weights.reference, self.weights.path.parent, fetch=False)
        if now.digest != self.weights.digest:
            raise AdapterRefused(f"{self.weights.path}: its files changed, try again")
        return model_folder(self.weights)

    @cached_property
    def form(self) -> str:
        """The numbers that its files hold, such as `bfloat16`, `nf4` or `GGUF Q8_0`."""
        if self.weights.path.is_file():
            return f"GGUF {_gguf_type(self.weights.path)}"
        if self.weights.quantized:
            return self.weights.quantized
        config = read_json(self.weights.path / "config.json", WeightsError)
        table = config if isinstance(config, dict) else {}
        return str(table.get("dtype") or table.get("torch_dtype") or "unknown numbers")[:40]

    @property
    def quantised(self) -> bool:
        """Whether its weights are in few bits."""
        gguf = self.form.removeprefix("GGUF ")
        return bool(self.weights.quantized) or (gguf != self.form and gguf not in PLAIN_TYPES)

    @property
    def described(self) -> dict[str, str]:
        """The facts that the record of a run keeps of it."""
        return {"of": self.of.name, "adapter": self.of.digest, "form": self.form}


def find_export(of: AdapterFiles, place: Path) -> Exported:
    """Return the export of an adapter in a folder or a GGUF file; no weights are loaded."""
    place = place.expanduser().absolute()
    if not place.exists():
        raise AdapterRefused(f"{place}: no such folder, `lora-harness export` writes one")
    if (place / CONFIG).exists():
        raise AdapterRefused(f"{place}: is an adapter and no export, judge it by its own name")
    found = place
    if place.is_dir() and not (place / "config.json").exists():
        files = sorted(place.glob("*.gguf"))
        if len(files) > 1:
            raise AdapterRefused(f"{place}: holds {len(files)} GGUF files, name one of them")
        found = files[0] if files else place
    weights = find_weights(str(found), place, fetch=False)
    called = place.resolve()
    stem = called.stem if called.is_file() else called.name
    end = _NOT_IN_NAMES.sub("-", stem.lower()).strip("-.")[:64] or "export"
    note = read_note(place if place.is_dir() else place.parent)
    return Exported(f"{of.name}{EXPORTED}{end}", of, weights, note)


def read_note(folder: Path) -> Mapping[str, Any]:
    """Return what `export.json` in a folder says; empty where there is none."""
    file = folder / NOTE
    if not file.is_file():
        return {}
    found = read_json(file, AdapterRefused, limit=1024 * 1024)
    if not isinstance(found, dict):
        raise AdapterRefused(f"{file}:1: is not an object, `lora-harness export` writes one")
    return found


def write_note(folder: Path, note: Mapping[str, Any]) -> None:
    """Write `export.json`; no time and no path is in it, so equal exports have equal bytes."""
    write_atomically(folder / NOTE, json.dumps(note, indent=2, sort_keys=True) + "\n")


def _gguf_type(file: Path) -> str:
    """Return the type that most of a GGUF's numbers have."""
    try:
        import gguf
    except ImportError as problem:
        raise missing(f"{file.name}: reading GGUF", "gguf", WeightsError) from problem
    counts: Counter[str] = Counter()
    try:
        for tensor in gguf.GGUFReader(file).tensors:
            counts[tensor.tensor_type.name] += int(tensor.n_elements)
    except Exception as problem:  # a damaged file fails in as many ways as it has fields
        raise WeightsError(f"{file}: is no GGUF that can be read ({reason(problem)})") from problem
    return counts.most_common(1)[0][0] if counts else "without tensors"
