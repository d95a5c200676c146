"""Records to JSON text and back, by their own type hints."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from cattrs.preconf.json import JsonConverter, make_converter

T = TypeVar("T")


@cache
def _converter() -> JsonConverter:
    return make_converter(forbid_extra_keys=False)


def encode(record: object) -> str:
    """One line of JSON, keys in the record's own order."""
    return _converter().dumps(record, ensure_ascii=False, allow_nan=False)


def decode(text: str, kind: type[T]) -> T:
    """The record again; keys that it does not know are from a newer version and are left out."""
    return _converter().loads(text, kind)
