"""Guess whether a base fits into this machine's memory in float32, and a GGUF's conversion.

Tested in tests/workspace/base/test_memory.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from harness.errors import WeightsError, WorldFailed
from harness.free_memory import PROC, free_memory
from harness.workspace.formats.safetensors_header import read_header

_SPARE = 1.25
"""Room for activations beside the weights."""
_GGUF_BITS = 4
"""A GGUF may hold a number in as few bits, and is converted to plain weights."""
_MAX_FILE = 1024**4


def fits(base: Path, proc: Path = PROC) -> bool:
    """Return whether a base's folder or GGUF fits; True where the machine does not tell."""
    free = free_memory(proc)
    return free is None or _numbers(base) * 4 * _SPARE <= free


def _numbers(base: Path) -> int:
    """Return how many numbers the weights have, at most."""
    if base.is_file():
        return base.stat().st_size * 8 // _GGUF_BITS
    total = 0
    for file in base.glob("*.safetensors"):
        for tensor in read_header(file, WeightsError, _MAX_FILE).values():
            total += math.prod(tensor.shape)
    return total


def refuse_conversion(source: Path, counts: Sequence[int], proc: Path = PROC) -> None:
    """Refuse a GGUF whose plain copy does not fit; `counts` are the numbers of each tensor.

    transformers holds all tensors in float32, and the one at work three times.
    """
    needed, free = 4 * (sum(counts) + 2 * max(counts, default=0)), free_memory(proc)
    if free is not None and needed > free:
        raise WorldFailed(
            f"{source}: converting it needs about {needed / 1e9:.1f} GB, {free / 1e9:.1f} are free:"
            " convert it on a larger machine and copy its cache folder (LORA_HARNESS_CACHE), or"
            " name the safetensors that it was made of as `base`"
        )
