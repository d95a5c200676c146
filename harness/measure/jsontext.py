"""The `json` check: whether an output is JSON as RFC 8259 has it, with no licence taken.

No NaN or Infinity, no duplicate keys, no number out of range, no bottomless nesting.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEEPEST = 100
"""Levels of nesting; parsers of other languages stop at a few hundred."""

# A string is eaten whole, closed or not: its brackets do not nest anything.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def not_json(text: str) -> str:
    """Return why the text is not strict JSON, or an empty string."""
    if _deepest(text) > DEEPEST:
        return f"is not JSON: nested deeper than {DEEPEST} levels"
    try:
        json.loads(
            text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
    except (ValueError, RecursionError) as error:
        return f"is not JSON: {_said(error)}"
    return ""


def _deepest(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group()[:2], 0)
        if (deepest := max(deepest, depth)) > DEEPEST:
            break
    return deepest


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number:.40} is out of range")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f'duplicate key "{key:.40}"')
        seen.add(key)
    return dict(pairs)


def _said(error: Exception) -> str:
    if "integer string conversion" in str(error):
        return "an integer is too long"
    return str(error)
