"""Refuse a base's config whose numbers would keep transformers busy for ever.

transformers builds lists and modules of the lengths that a config names before it reads any weight:
a billion layers fill the memory while the config itself is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import WeightsError
from harness.workspace.formats.reading import parse_json, read_text

MAX_MANY = 10_000
"""Layers, heads and experts; the largest known models have some hundreds."""
MAX_SIZE = 100_000_000
"""Words of a vocabulary, positions, widths."""
MAX_CONFIG = 4 * 1024 * 1024
_MANY = re.compile(r"layer|depth|block|head|expert|group|stage")
_SIZE = re.compile(r"size|dim|position|embd|inner|width|vocab")


def refuse_absurd(folder: Path) -> None:
    """Refuse a config with a number or list that no model has; the line names its key."""
    file = folder / "config.json"
    text = read_text(file, WeightsError, MAX_CONFIG)
    for key, value in _numbers(parse_json(text, file, WeightsError)):
        # `shared_expert_intermediate_size` is a width, and no number of experts.
        limit = MAX_SIZE if _SIZE.search(key) else MAX_MANY if _MANY.search(key) else None
        if limit is not None and value > limit:
            line = text.count("\n", 0, max(0, text.find(f'"{key}"'))) + 1
            raise WeightsError(f"{file}:{line}: `{key}` is {value:,}, at most {limit:,} are loaded")


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, int]]:
    """Yield all whole numbers and lengths of lists, with the key that they stand under."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _numbers(item, name.lower())
    elif isinstance(value, list):
        yield key, len(value)
        for item in value:
            yield from _numbers(item, key)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield key, value
