"""Turn promptfoo's assertions into a case: references into ideals, demands on wording into checks.

Everything else (judges, scripts, costs) is counted as left, never dropped in silence.

Tested in `tests/workspace/importers/test_any_tool.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from harness.workspace.formats.fields import kind_of
from harness.workspace.importers.placeholders import filled

_REFERENCES = ("equals", "similar", "levenshtein", "rouge-n", "bleu", "gleu", "meteor")
"""Assertions that compare the output with a written text, as an ideal does."""
_ANY_CASE = "(?i)"
Check: TypeAlias = tuple[str, Any]
"""The name and the value of a check."""


def _either(texts: list[str]) -> str:
    return "|".join(map(re.escape, texts))


def _any_of(texts: list[str], flags: str = "") -> Check:
    return "matches", f"{flags}(?:{_either(texts)})"


def _none_of(pattern: str) -> Check:
    # A look-ahead from the start of the output; `[\s\S]` also passes line ends, which `.` does not.
    return "matches", rf"\A(?![\s\S]*(?:{pattern}))"


_WORDING: Mapping[str, Callable[[list[str]], list[Check]]] = {
    "contains": lambda texts: [("contains", text) for text in texts],
    "contains-all": lambda texts: [("contains", text) for text in texts],
    "icontains": lambda texts: [_any_of([text], _ANY_CASE) for text in texts],
    "icontains-all": lambda texts: [_any_of([text], _ANY_CASE) for text in texts],
    "contains-any": lambda texts: [_any_of(texts)],
    "icontains-any": lambda texts: [_any_of(texts, _ANY_CASE)],
    "starts-with": lambda texts: [("matches", rf"\A{re.escape(text)}") for text in texts],
    "regex": lambda texts: [("matches", text) for text in texts],
    "not-contains": lambda texts: [_none_of(_either(texts))],
    "not-contains-any": lambda texts: [_none_of(_either(texts))],
    "not-icontains": lambda texts: [("excludes", text) for text in texts],
    "not-icontains-any": lambda texts: [("excludes", text) for text in texts],
    "not-starts-with": lambda texts: [("matches", rf"\A(?!{_either(texts)})")],
    "not-regex": lambda texts: [_none_of(text) for text in texts],
}
"""Assertions about wording, each with the checks that demand the same."""
_ONE_TEXT = ("contains", "icontains", "starts-with", "regex", "not-contains", "not-icontains",
             "not-starts-with", "not-regex")  # fmt: skip


class Demands:
    """The assertions of a promptfoo test."""

    def __init__(self, values: Mapping[str, str], left: Counter[str]) -> None:
        self.values, self.left = values, left
        self.ideals: list[str] = []
        self._found: dict[str, dict[str, list[Any]]] = {"must": {}, "report": {}}

    def add(self, raw: Any) -> None:
        """Add an assertion; a ValueError says why a supported kind cannot be read."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("type"), str):
            raise ValueError(f"an assertion is {kind_of(raw)} without `type`, each needs one")
        kind = raw["type"]
        level = "report" if raw.get("weight") == 0 else "must"
        if kind in _REFERENCES:
            self.ideals += self._texts(raw)
        elif kind in _WORDING:
            texts = self._texts(raw)
            if kind in _ONE_TEXT and len(texts) != 1:
                raise ValueError(f"assertion {kind} has {len(texts)} texts, one is needed")
            self._keep(level, _WORDING[kind](texts))
        elif kind == "word-count":
            self._keep(level, _words(raw.get("value")))
        elif kind == "is-json" and raw.get("value") is None:
            self._keep(level, [("json", True)])
        else:
            schema = " with a schema" if kind == "is-json" else ""
            self.left[f"assert {kind[:60]}{schema}"] += 1

    def checks(self) -> dict[str, Any]:
        """Return the checks as a case writes them; those of weight 0 get the level `report`."""
        found: dict[str, Any] = {}
        for level, checks in self._found.items():
            for name, values in checks.items():
                if name in found:  # a case has each check once, and `must` comes first
                    self.left[f"assert with weight 0 beside a demand ({name})"] += len(values)
                    continue
                several = name in ("contains", "excludes", "matches")
                value = list(dict.fromkeys(values)) if several else values[-1]
                found[name] = value if level == "must" else {"value": value, "level": level}
        return found

    def _keep(self, level: str, checks: list[Check]) -> None:
        for name, value in checks:
            self._found[level].setdefault(name, []).append(value)

    def _texts(self, raw: Mapping[str, Any]) -> list[str]:
        value = raw.get("value")
        listed = value if isinstance(value, list) else [value]
        plain = [item for item in listed if isinstance(item, str | int | float)]
        if len(plain) != len(listed) or not listed:
            wrong = next((item for item in listed if item not in plain), None)
            raise ValueError(f"assertion {raw['type']} has {kind_of(wrong)}, a text is needed")
        texts = [str(item).lower() if isinstance(item, bool) else str(item) for item in plain]
        if any(text.startswith("file://") for text in texts):
            raise ValueError(f"assertion {raw['type']} is in a file, write its text here")
        return [filled(text, self.values, f"assertion {raw['type']}") for text in texts]


def _words(value: Any) -> list[Check]:
    """Return the checks of `word-count`: an exact number, or a range with either end open."""
    ends = value if isinstance(value, Mapping) else {"min": value, "max": value}
    found: list[Check] = [
        (name, ends[end])
        for name, end in (("min_words", "min"), ("max_words", "max"))
        if ends.get(end) is not None
    ]
    if not found or any(type(number) is not int or number < 1 for _, number in found):
        raise ValueError("assertion word-count needs a whole number, or `min` and `max`")
    return found
