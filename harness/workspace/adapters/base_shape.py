"""Read names and shapes of a base's tensors from its files' headers, without any weights.

Tested in tests/workspace/adapters/test_inspection.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import AdapterRefused
from harness.workspace.formats.packed_shapes import plain_shapes
from harness.workspace.formats.safetensors_header import read_header

FLOATS = ("F64", "F32", "F16", "BF16")
NUMBERED = re.compile(r"\.\d+\.")
"""In the names of modules and tensors that belong to a layer."""


@dataclass(frozen=True, slots=True)
class BaseShape:
    """Names and shapes of the base's tensors, from its safetensors headers."""

    digest: str
    """sha256 of the base's files."""
    tensors: dict[str, tuple[int, ...]]
    dtypes: frozenset[str] = frozenset()
    """Of the weights whose shape is that in the file."""
    quantized: str = ""
    """How the weights in use are quantised; empty where not."""

    def linear(self, module: str) -> tuple[int, int] | None:
        """Return (out, in) of a module's weight, or None if the base has no such matrix."""
        shape = self.tensors.get(f"{module}.weight")
        return (shape[0], shape[1]) if shape and len(shape) == 2 else None

    @property
    def own_names(self) -> bool:
        """Whether the names and shapes in the files are those that the model has in memory.

        They are for a decoder's usual layout. Others are renamed, transposed, fused or packed when
        they are loaded: GPT-2 and multimodal bases, experts, quantised weights.
        """
        usual = "model.embed_tokens.weight" in self.tensors and self.dtypes <= {*FLOATS}
        return usual and all(
            name.startswith("model.layers.") and ".experts." not in name
            for name in self.tensors
            if NUMBERED.search(name)
        )


def base_shape(folder: Path, digest: str, quantized: str = "") -> BaseShape:
    """Read names and shapes of the base's tensors from the headers alone, in milliseconds."""
    shapes: dict[str, tuple[int, ...]] = {}
    dtypes: set[str] = set()
    for file in sorted(folder.glob("*.safetensors")):
        # Only the header is read, so the limit on the file's size does not matter here.
        header = read_header(file, AdapterRefused, limit=10**13)
        plain = plain_shapes(file, header)
        shapes |= plain
        # What is packed into bytes says its shape beside it, which is that in memory.
        dtypes |= {header[name].dtype for name in plain if plain[name] == header[name].shape}
    return BaseShape(digest, shapes, frozenset(dtypes), quantized)
