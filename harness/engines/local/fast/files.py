"""A model's folder read without its framework; whatever is unusual is left to the framework."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

WEIGHTS = "model.safetensors"


class Unusual(Exception):
    """Not one of the kinds that are known here by heart: transformers or PEFT reads it instead.

    So does whatever is damaged, with any other exception: they say what is wrong with it.
    """


def described(file: Path) -> Any:
    """A JSON file of a model's folder; an empty table where there is none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def only(known: Collection[str], given: Mapping[str, Any], where: str) -> None:
    """Nothing is set that is not known, so that nothing is overlooked."""
    for name, value in given.items():
        if name not in known and value not in (None, False, [], {}, ""):
            raise Unusual(f"{where}: {name} is {value!r}")


def tensors(file: Path, dtype: Any) -> dict[str, Any]:
    """All tensors of a file, turned to one dtype; what is turned is no longer the file's."""
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        names = opened.keys()
        return {name: opened.get_tensor(name).to(dtype, copy=True) for name in names}
