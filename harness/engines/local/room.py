"""Say before loading what a base will need, and refuse one that does not fit into memory.

Tested in tests/engines/local/test_room.py.
"""

from __future__ import annotations

import gc
from math import prod
from pathlib import Path

from harness.engines.local.mapped import give_back
from harness.errors import EngineFailed
from harness.free_memory import free_memory

_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
_FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_BITS = {"nf4": 4.5, "int8": 8.5}
"""Bits of a number with its share of the scales."""
MORE = 1.1
"""Weights and what is computed with them, over the weights."""
BESIDE = 256 * 2**20
"""Bytes that the libraries and the texts at work take."""


def weight_bytes(folder: Path, dtype: str, quantize: str = "") -> int:
    """Return the bytes of a base's weights in use; 0 where its files do not tell."""
    from safetensors import SafetensorError, safe_open

    plain = few = 0.0
    largest = 0
    try:
        for file in folder.glob("*.safetensors"):
            with safe_open(file, framework="np") as opened:
                for name in opened.keys():  # noqa: SIM118  # no mapping
                    told = opened.get_slice(name)
                    numbers, kind = prod(told.get_shape()), told.get_dtype()
                    # Integers are weights in few bits: they stay as they are.
                    size = _BYTES[dtype] if kind in _FLOATS else int(kind.lstrip("IUF")[:2]) / 8
                    plain += numbers * size
                    few += numbers * _BITS.get(quantize, 0) / 8
                    largest = max(largest, numbers)
    except (OSError, ValueError, SafetensorError):
        return 0
    if quantize not in _BITS or not few:
        return int(plain)
    # The embeddings, the largest of its tensors, are never in few bits.
    return int(few + largest * (_BYTES[dtype] - _BITS[quantize] / 8))


def refuse_too_large(folder: Path, dtype: str, device: str, quantize: str = "") -> None:
    """Refuse a base that the memory of this machine or of its accelerator does not hold."""
    weights = weight_bytes(folder, dtype, quantize)
    needed, free = int(weights * MORE) + BESIDE, _free(device)
    if weights and free is not None and needed > free:
        collect()  # a base that failed may still be there
        free = _free(device)
    if not weights or free is None or needed <= free:
        return
    ways = ["engine openai", "ray"]
    if quantize != "nf4" and weight_bytes(folder, dtype, "nf4") * MORE + BESIDE <= free:
        ways.append('quantize = "nf4"')
    others = f"{', '.join(ways[:-1])}, or {ways[-1]}" if len(ways) > 2 else " or ".join(ways)
    raise EngineFailed(
        f"{folder}: needs about {needed / 1e9:.1f} GB in {quantize or dtype},"
        f" {free / 1e9:.1f} are free: {others}"
    )


def collect() -> None:
    """Free models that are no longer used: their modules refer to each other."""
    gc.collect()
    give_back()


def _free(device: str) -> int | None:
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    return free_memory() if device == "cpu" else None
