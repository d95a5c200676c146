"""Read a model's folder without its framework; leave every unusual folder to the framework.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import torch
    from torch import Tensor

WEIGHTS = "model.safetensors"

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
    """Read all tensors of a file, converted to a dtype and copied out of the mapped file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            names = opened.keys()
            return {name: opened.get_tensor(name).to(dtype, copy=True) for name in names}
    except (OSError, SafetensorError) as problem:
        raise Unusual(f"{file.name} is not readable") from problem
