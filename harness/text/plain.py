"""Records turned into plain JSON values: mappings, lists, texts and finite numbers.

NaN and infinity become null, since strict parsers would refuse the whole document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from harness.records import Case
from harness.text import safe
from harness.text.given import beside_input

_RARE = ("turns", "system", "context")


def plain(value: object) -> Any:
    """Turn a record, or a value made of records, into input for `json.dumps(allow_nan=False)`."""
    if isinstance(value, str):
        return safe.json_text(value)
    if isinstance(value, float):
        # numpy's float64 is a float too, but writes itself as `np.float64(...)`.
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Case):
        return _case(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {safe.json_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return safe.json_text(str(value))


def _case(case: Case) -> dict[str, Any]:
    """Leave out what most cases lack; a conversation is written as `cases.jsonl` has it."""
    some = [field.name for field in fields(case) if field.name not in _RARE]
    found = {name: plain(getattr(case, name)) for name in some}
    return found | {name: plain(value) for name, value in beside_input(case).items()}
