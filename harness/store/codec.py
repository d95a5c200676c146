"""Records to JSON text and back, by their own type hints."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.json import JsonConverter, make_converter

from harness.errors import RowUnreadable
from harness.records import CaseResult, Check, MetricVerdict, Verdict

T = TypeVar("T")

OMIT_WHILE_DEFAULT: dict[type, tuple[str, ...]] = {
    CaseResult: ("sample_scores",),
    MetricVerdict: ("sampling",),
    Verdict: ("worth", "forgetting", "samples", "left_out"),
}
"""Fields that came after records were sealed: left out while they say nothing, so that what was
written before them still has its address."""


@cache
def _converter() -> JsonConverter:
    converter = make_converter(forbid_extra_keys=False)
    converter.register_structure_hook(Check, _check)
    for kind, names in OMIT_WHILE_DEFAULT.items():
        later: dict[str, Any] = {name: override(omit_if_default=True) for name in names}
        converter.register_unstructure_hook(
            kind, make_dict_unstructure_fn(kind, converter, **later)
        )
    return converter


def encode(record: object) -> str:
    """One line of JSON, keys in the record's own order."""
    return _converter().dumps(record, ensure_ascii=False, allow_nan=False)


def decode(text: str, kind: type[T]) -> T:
    """The record again; keys that it does not know are from a newer version and are left out."""
    try:
        return _converter().loads(text, kind)
    except Exception as problem:  # cattrs raises groups of many kinds; all mean: not this record
        name = getattr(kind, "__name__", "record").lower()
        raise RowUnreadable(
            f"the store holds a {name} that cannot be read, `lora-harness verify` names it"
        ) from problem


def _check(raw: Mapping[str, Any], _: type[Check]) -> Check:
    """A check's value is of no one type, so JSON would leave lists where tuples were."""
    return Check(raw["name"], _frozen(raw["value"]), raw["level"])


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value
