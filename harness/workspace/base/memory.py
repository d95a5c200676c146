"""Guess whether a base fits into this machine's memory in float32.

Tested in tests/workspace/base/test_memory.py.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from harness.errors import WeightsError
from harness.workspace.formats.safetensors_header import read_header

_MEMINFO = Path("/proc/meminfo")
_SPARE = 1.25
"""Room for activations beside the weights."""
_GGUF_BITS = 4
"""A GGUF may hold a number in as few bits, and is converted to plain weights."""
_MAX_FILE = 1024**4


def fits(base: Path, meminfo: Path = _MEMINFO) -> bool:
    """Return whether a base's folder or GGUF fits; True where the machine does not tell."""
    free = _available(meminfo)
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


def _available(meminfo: Path) -> int | None:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
