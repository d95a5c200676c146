"""Read from a base's config how many tokens it can take in, its prompt and output together.

Tested in tests/engines/local/test_prompts.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NAMES = ("max_position_embeddings", "n_positions")
"""Keys of a config under which bases keep the number of their positions."""
_STRETCHED = ("linear", "dynamic", "yarn")
"""Kinds of rotary scaling whose config may still say the number from before the stretching."""


def read_positions(config: Path) -> int | None:
    """Return the number of a base's positions; None where its config names no limit.

    A tokenizer's `model_max_length` is no limit of the base, only where its own texts were cut.
    """
    try:
        told: Any = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None  # loading the base says what is wrong
    if not isinstance(told, dict):
        return None
    text = told.get("text_config")  # of a base that also reads images
    tables = [text, told] if isinstance(text, dict) else [told]
    for table in tables:
        for name in NAMES:
            found = table.get(name)
            if type(found) is int and found > 0 and not table.get("alibi"):
                return max([found, *_stretched(table, found)])
    return None


def _stretched(table: Mapping[str, Any], found: int) -> Iterator[int]:
    """Yield the numbers of positions that rotary scaling makes of the trained ones."""
    rope = table.get("rope_parameters") or table.get("rope_scaling")
    if not isinstance(rope, dict):
        return
    # Some bases have a table for each type of layer.
    for one in (rope, *(inner for inner in rope.values() if isinstance(inner, dict))):
        factor = one.get("factor")
        if one.get("rope_type", one.get("type")) in _STRETCHED and isinstance(factor, int | float):
            trained = one.get("original_max_position_embeddings")
            yield int((trained if type(trained) is int else found) * factor)
