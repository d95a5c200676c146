"""Conversion of records to JSON text and back, by their type hints.

Tested in tests/store/test_round_trips.py and test_seals.py.
"""

from __future__ import annotations

import logging
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.json import JsonConverter, make_converter

from harness.errors import RowUnreadable
from harness.records import (
    Case,
    CaseResult,
    Check,
    Decision,
    MetricVerdict,
    Output,
    Policy,
    Review,
    Verdict,
)

_log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_POLICY = "seed"
"""The last constant of the first rule's policy; those behind it came with the second rule."""
_CONSTANTS = tuple(field.name for field in fields(Policy))
RULE_2 = _CONSTANTS[_CONSTANTS.index(_FIRST_POLICY) + 1 :]

OMIT_WHILE_DEFAULT: dict[type, tuple[str, ...]] = {
    Case: ("turns", "system", "context"),
    Output: ("answer", "unended"),
    CaseResult: ("sample_scores",),
    MetricVerdict: ("sampling",),
    Review: ("turns", "system", "context", "seconds"),
    Policy: RULE_2,
    Decision: ("rests_on", "signature"),
    Verdict: (
        "worth",
        "forgetting",
        "samples",
        "left_out",
        "rule",
        "margin_used",
        "margins",
        "can_break",
        "own_cases",
        "reserve",
        "finals",
        "bar_moved",
        "luck",
        "bar_commit",
        "bar_differs",
    ),
}
"""Fields added after the first records were sealed. A seal is the hash of the JSON text, so these
are omitted while they hold their default: older records keep their seals. A record stands before
those that hold it."""


@cache
def _converter(whole: bool = False) -> JsonConverter:
    converter = make_converter(forbid_extra_keys=False)
    # JSON has only lists, and a check's value is typed Any: the tuples are restored by hand.
    converter.register_structure_hook(
        Check, lambda raw, _: Check(raw["name"], _frozen(raw["value"]), raw["level"])
    )
    for kind, names in () if whole else OMIT_WHILE_DEFAULT.items():
        later: dict[str, Any] = {name: override(omit_if_default=True) for name in names}
        converter.register_unstructure_hook(
            kind, make_dict_unstructure_fn(kind, converter, **later)
        )
    return converter


def encode(record: object) -> str:
    """Return a record as a line of JSON, its fields in the order of their definition."""
    return _converter().dumps(record, ensure_ascii=False, allow_nan=False)


def encode_whole(record: object) -> str:
    """Return a record as a line of JSON with every field, those that hold their default too."""
    return _converter(whole=True).dumps(record, ensure_ascii=False, allow_nan=False)


def decode(text: str, kind: type[T]) -> T:
    """Return the record of a JSON text; unknown keys, from a newer version, are ignored."""
    try:
        return _converter().loads(text, kind)
    except Exception as problem:  # cattrs raises groups of many kinds; all mean: not this record
        name = getattr(kind, "__name__", "record").lower()
        _log.debug("a %s cannot be read: %s", name, type(problem).__name__)
        raise RowUnreadable(
            f"the store holds a {name} that cannot be read, `lora-harness verify` names it"
        ) from problem


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value
