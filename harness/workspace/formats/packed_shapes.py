"""Read the shapes of weights that bitsandbytes has packed into bytes, from the files alone.

Tested in tests/workspace/formats/test_packed_shapes.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from harness.errors import WeightsError
from harness.workspace.formats.reading import parse_json
from harness.workspace.formats.safetensors_header import Tensor, read_bytes

_STATE = re.compile(r"(?P<weight>.+)\.quant_state\.bitsandbytes__[a-z0-9]+")
_PARTS = re.compile(r".+\.weight\.(absmax|quant_map|nested_absmax|nested_quant_map)|.+\.SCB")


def plain_shapes(file: Path, tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shapes that a file's weights have for the model, however they are packed.

    bitsandbytes packs a 4-bit matrix into a column of bytes, and says its shape in a tensor beside.
    """
    shapes = {name: one.shape for name, one in tensors.items() if not _PARTS.fullmatch(name)}
    states = {name: found["weight"] for name in shapes if (found := _STATE.fullmatch(name))}
    for name, raw in read_bytes(file, [tensors[name] for name in states]):
        told = parse_json(raw.decode(errors="replace"), f"{file}: {name[:80]}", WeightsError)
        shape = told.get("shape") if isinstance(told, dict) else None
        if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
            raise WeightsError(f"{file}: {name[:80]} says no shape of its weight")
        shapes[states[name]] = tuple(shape)
        del shapes[name]
    return shapes
