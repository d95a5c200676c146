"""Read a model's folder without its framework; leave every unusual folder to the framework.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.engines.local.weight_files import file_state

if TYPE_CHECKING:
    import torch
    from torch import Tensor

WEIGHTS = "model.safetensors"

_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
"""torch's names for the types in a safetensors header."""

Table: TypeAlias = Mapping[str, Any]
"""A JSON object, read from a model's folder."""


class Unusual(Exception):
    """The files are not of a kind known here: transformers or PEFT reads them instead.

    Damaged files are unusual too, since the frameworks say what is wrong with them. Any other
    exception while reading is a bug in this package and is raised as such.
    """


def read_json(file: Path) -> Any:
    """Read a JSON file of a model's folder; return an empty table if it is absent."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def read_table(file: Path) -> Table:
    """Read a JSON object of a model's folder; empty if the file is absent, `Unusual` if damaged."""
    try:
        found = read_json(file)
    except (OSError, ValueError, RecursionError) as problem:
        raise Unusual(f"{file.name} is not readable") from problem
    if not isinstance(found, dict):
        raise Unusual(f"{file.name} is no table")
    return found


def only(known: Collection[str], given: Table, where: str) -> None:
    """Refuse every setting outside `known`, so that none is overlooked."""
    for name, value in given.items():
        if name not in known and value not in (None, False, [], {}, ""):
            raise Unusual(f"{where}: {name} is {value!r}")


def tensors(file: Path, dtype: torch.dtype) -> dict[str, Tensor]:
    """Read all tensors of a file in a dtype, one by one, so that no second copy is ever held.

    Nothing stays mapped: from then on a change of the file changes nothing here. `Unusual` where
    it changes while it is read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with file.open("rb", buffering=0) as raw:
            before = file_state(raw.fileno())
            with safe_open(file, framework="np") as opened:  # which checks the header
                told = [(name, opened.get_slice(name)) for name in opened.offset_keys()]
                shapes = [(name, one.get_dtype(), one.get_shape()) for name, one in told]
            raw.seek(8 + int.from_bytes(raw.read(8), "little"))
            found = {name: _next(raw, kind, shape).to(dtype) for name, kind, shape in shapes}
            if file_state(raw.fileno()) != before or raw.read(1):
                raise Unusual(f"{file.name} changed while it was read")
    except (OSError, SafetensorError) as problem:
        raise Unusual(f"{file.name} is not readable") from problem
    return found


def _next(raw: RawIOBase, kind: str, shape: Sequence[int]) -> Tensor:
    """Read the next tensor of a file, whose tensors follow each other without a gap."""
    import torch

    if kind not in _DTYPES:
        raise Unusual(f"a tensor has the type {kind}")
    values = torch.empty(tuple(shape), dtype=getattr(torch, _DTYPES[kind]))
    left = values.view(-1).view(torch.uint8).numpy().data if values.numel() else memoryview(b"")
    while left:
        read = raw.readinto(left)
        if not read:
            raise OSError("cut off")
        left = left[read:]
    return values
