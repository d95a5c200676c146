"""The `json` check: whether an output is strict JSON by RFC 8259.

It refuses NaN and Infinity, duplicate keys, numbers out of range and very deep nesting.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 100
"""Levels of nesting allowed; parsers of other languages stop at a few hundred."""

# A string is matched whole, closed or not, since brackets inside of it do not nest.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def not_json(text: str) -> str:
    """Return why the text is not strict JSON, or an empty string."""
    if _too_deep(text):
        return f"is not JSON: nested deeper than {MAX_DEPTH} levels"
    try:
        json.loads(
            text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
    except (ValueError, RecursionError) as error:
        # Python's message speaks of its own setting for long integers.
        long = "integer string conversion" in str(error)
        return f"is not JSON: {'an integer is too long' if long else error}"
    return ""


def _too_deep(text: str) -> bool:
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group()[:2], 0)
        if depth > MAX_DEPTH:
            return True
    return False


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
