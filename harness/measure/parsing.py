"""Checks read from a benchmark's files into records; errors name the file and line.

A bare value is a `must` check; `{"value": ..., "level": "report"}` is only shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from harness.errors import BenchmarkError
from harness.measure import phrases
from harness.records import Check, Level
from harness.text.blanks import is_blank
from harness.text.quoting import brief

Reader: TypeAlias = Callable[[Any], Any]
"""Takes the raw value and returns the check's value; raises ValueError with the allowed values."""


def parse_checks(raw: Mapping[str, Any], where: str) -> tuple[Check, ...]:
    """Read a table of checks; `where` is the file and line that errors name."""
    checks = [_parse(name, value, where) for name, value in _table(raw, where).items()]
    return tuple(check for check in checks if check is not None)


def merge_checks(
    defaults: tuple[Check, ...], own: Mapping[str, Any] | None, where: str
) -> tuple[Check, ...]:
    """Merge a case's own checks into the benchmark's: same name replaces, false or null removes."""
    table = _table(own or {}, where)
    kept = tuple(check for check in defaults if check.name not in table)
    return kept + parse_checks(table, where)


def _table(raw: object, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise BenchmarkError(f"{where}: checks is {_kind(raw)}, allowed is a table of checks")
    return raw


def _parse(name: str, raw: Any, where: str) -> Check | None:
    if name not in READERS:
        raise BenchmarkError(
            f"{where}: unknown check {brief(name)}, allowed are {', '.join(READERS)}"
        )
    value, level = _unwrapped(name, raw, where)
    if value is None or value is False:
        return None
    try:
        return Check(name, READERS[name](value), level)
    except ValueError as error:
        raise BenchmarkError(f"{where}: check {name}: {error}") from error


def _unwrapped(name: str, raw: Any, where: str) -> tuple[Any, Level]:
    if not isinstance(raw, Mapping) or "value" not in raw or set(raw) - {"value", "level"}:
        return raw, "must"
    level = raw.get("level", "must")
    if level not in ("must", "report"):
        raise BenchmarkError(
            f"{where}: check {name}: level is {brief(level)}, allowed are must and report"
        )
    return raw["value"], level


def _phrases(raw: Any) -> tuple[str, ...]:
    listed = [raw] if isinstance(raw, str) else raw
    if not isinstance(listed, list | tuple) or not listed:
        raise ValueError(f"{_kind(raw)} given, allowed is a text or a list of texts")
    for phrase in listed:
        if not isinstance(phrase, str) or is_blank(phrase):
            raise ValueError(f"{brief(phrase)} in the list, allowed are texts that are not blank")
    return tuple(listed)


def _patterns(raw: Any) -> tuple[str, ...]:
    patterns = _phrases(raw)
    for pattern in patterns:
        try:
            phrases.compiled(pattern)
        except ValueError as error:
            raise ValueError(f"pattern {brief(pattern)} cannot be used: {error}") from error
    return patterns


def _words(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= 1_000_000:
        raise ValueError(f"{brief(raw)} given, allowed is a whole number from 1 to 1000000")
    return raw


def _true(raw: Any) -> bool:
    if raw is not True:
        raise ValueError(f"{brief(raw)} given, allowed are true and false")
    return True


def _terms(raw: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(raw, Mapping) or not raw:
        raise ValueError(f"{_kind(raw)} given, allowed is a table: approved form = [banned forms]")
    terms = {term: _phrases(forms) for term, forms in raw.items()}
    for term, forms in terms.items():
        if is_blank(term) or term in forms:
            raise ValueError(f"{brief(term)} is blank, or approved and banned at once")
    return terms


def _kind(raw: object) -> str:
    return {dict: "a table", list: "a list", str: "a text", bool: "true or false"}.get(
        type(raw), f"{brief(raw)}"
    )


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "contains": _phrases,
        "excludes": _phrases,
        "matches": _patterns,
        "max_words": _words,
        "min_words": _words,
        "json": _true,
        "terms": _terms,
        "grounded": _true,
    }
)
"""The reader of a check's value, by the check's name."""
