"""Check the header of a safetensors file before any tensor is allocated.

The format: 8 bytes of length, that many bytes of JSON, then the tensors back to back.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.workspace.formats.reading import opened, parse_json

MAX_HEADER = 8 * 1024 * 1024
"""Real headers have a hundred bytes for each tensor; the format itself would allow 100 MB."""
MAX_DIMENSIONS = 8
_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as the header describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(path: Path, error: type[HarnessError], limit: int) -> dict[str, Tensor]:
    """Return every tensor by name; refuse truncated, overlapping or contradictory headers."""
    with opened(path, error, limit) as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(8)
        if head == b"version ":  # git checks out such a text where LFS is not installed
            raise error(f"{path}: is a Git LFS pointer, run `git lfs pull` for the weights")
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else -1
        if not 2 <= length <= min(MAX_HEADER, size - 8):
            raise error(f"{path}: is no safetensors file or is cut off (its header does not fit)")
        raw = file.read(length)
    try:
        table = parse_json(raw.decode(), f"{path} header", error)
    except UnicodeDecodeError as problem:
        raise error(f"{path}: is no safetensors file (its header is not UTF-8)") from problem
    if not isinstance(table, dict):
        raise error(f"{path}: its header is not an object")
    tensors = {
        name: _tensor(name, entry, path, error)
        for name, entry in table.items()
        if name != "__metadata__"
    }
    _refuse_gaps(tensors, size - 8 - length, path, error)
    return tensors


def _tensor(name: str, entry: Any, path: Path, error: type[HarnessError]) -> Tensor:
    try:
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        right = isinstance(shape, list) and len(shape) <= MAX_DIMENSIONS
        # `type`, not `isinstance`: true and false are ints in Python, but no sizes.
        right = right and all(type(n) is int and n >= 0 for n in (*shape, begin, end))
        right = right and end - begin == prod(shape) * _BYTES[dtype]
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise error(f"{path}: the header's entry for {name[:80]!r} contradicts itself")
    return Tensor(name, dtype, tuple(shape), begin, end)


def _refuse_gaps(
    tensors: dict[str, Tensor], size: int, path: Path, error: type[HarnessError]
) -> None:
    # Without gaps or overlaps no bytes can hide between tensors, and none belong to two.
    at = 0
    for tensor in sorted(tensors.values(), key=lambda t: (t.begin, t.end)):
        if tensor.begin != at:
            raise error(f"{path}: tensors overlap or leave a gap at {tensor.name[:80]!r}")
        at = tensor.end
    if at != size:
        raise error(f"{path}: is cut off or has extra bytes ({size:,} of {at:,} bytes of tensors)")


def read_values(path: Path, tensors: dict[str, Tensor]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the tensors of a checked file as float32, the widest type that a model computes in."""
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
    for name, raw in read_bytes(path, list(tensors.values())):
        tensor = tensors[name]
        if tensor.dtype == "BF16":
            # numpy has no bfloat16: its 16 bits are the upper half of a float32.
            wide = np.frombuffer(raw, dtype="<u2").astype(np.uint32) << 16
            yield name, wide.view(np.float32).reshape(tensor.shape)
            continue
        values = np.frombuffer(raw, dtype=kinds[tensor.dtype]).reshape(tensor.shape)
        with np.errstate(over="ignore"):  # too large for float32 is infinite for the model too
            narrow = values.astype(np.float32, copy=False)
        yield name, narrow


def read_bytes(path: Path, tensors: Sequence[Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of tensors of a checked file."""
    if not tensors:
        return
    data = np.memmap(path, dtype=np.uint8, mode="r")
    offset = 8 + struct.unpack("<Q", bytes(data[:8]))[0]
    for tensor in tensors:
        yield tensor.name, data[offset + tensor.begin : offset + tensor.end].tobytes()
