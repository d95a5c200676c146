"""Records to what JSON can carry: mappings, lists, texts and finite numbers.

NaN and infinity become null: a parser elsewhere would refuse the whole document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from harness.text import safe


def plain(value: object) -> Any:
    """Return a record, or anything made of records, ready for `json.dumps(allow_nan=False)`."""
    if isinstance(value, str):
        return safe.json_text(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {safe.json_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return safe.json_text(str(value))
