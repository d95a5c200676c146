"""Leaving out and masking texts, before `safe` makes the rest fit its outlet.

This is the only module that does so. It fails closed: if a pattern takes too long on a text, the
whole text is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

from harness.records.holds import EXACT, Holds, held, keyed_by_labels
from harness.text.quoting import without_quotations

Found: TypeAlias = tuple[str, int, int]
"""The mark that replaces a place of a text, and that place: `[email]`, start, end."""
Finder: TypeAlias = Callable[[str], Iterable[Found]]
Record = TypeVar("Record")

LEFT_OUT = "[text left out]"
TOO_SLOW = "[text left out: a pattern of `redact` took too long on it]"


@dataclass(frozen=True, slots=True)
class Redaction:
    """The privacy settings: the patterns to mask, and whether texts are shown at all."""

    finders: Sequence[Finder] = ()
    texts: bool = True

    def text(self, text: str) -> str:
        """Mask a text that a model, a customer or an editor wrote, or leave it out."""
        if not text.strip():
            return text
        return self._masked(text) if self.texts else LEFT_OUT

    def words(self, words: str) -> str:
        """Mask a sentence of ours or a user's label; without texts, remove its quotations too."""
        masked = self._masked(words)
        return masked if self.texts else without_quotations(masked, LEFT_OUT)

    def record(self, record: Record) -> Record:
        """Apply the settings to a record, or to anything made of records.

        Each field says what it holds (`harness/records/holds.py`); strings outside any record are
        sentences. Numbers, names and ids stay. Compare texts before this: masked texts look equal.
        """
        return cast(Record, self._walk(record, "quoting")) if self._does_anything else record

    def row(self, row: Mapping[str, Any], holds: Mapping[str, Holds]) -> dict[str, Any]:
        """Apply the settings to a row of a file; a column that is not in `holds` holds texts."""
        if not self._does_anything:
            return dict(row)
        kinds = {name: holds.get(name, "text") for name in row}
        return {name: self._walk(row[name], kind, keys=kind) for name, kind in kinds.items()}

    @property
    def _does_anything(self) -> bool:
        return bool(self.finders) or not self.texts

    def _walk(self, value: Any, holds: Holds, keys: Holds = "exact") -> Any:
        """Rebuild a value with its strings masked; `keys` is what the keys of mappings hold."""
        if isinstance(value, str):
            if holds == "exact":
                return value
            return self.text(value) if holds == "text" else self.words(value)
        if value is None or type(value) in _PLAIN:  # most of what records hold
            return value
        if is_dataclass(value) and not isinstance(value, type):
            # only fields with texts are replaced: records are many, and most hold numbers
            found = {f.name: self._field(value, f) for f in _fields_with_text(type(value))}
            return replace(value, **found) if found else value
        if isinstance(value, Mapping):
            return {self._walk(k, keys): self._walk(v, holds, keys) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._walk(item, holds, keys) for item in value)
        return value

    def _field(self, record: Any, field: Field[Any]) -> Any:
        """Mask a field; it fails closed: an undeclared field holds texts."""
        holds = held(field, record)
        keys = holds if holds == "text" or keyed_by_labels(field) else None
        return self._walk(getattr(record, field.name), holds or "text", keys or "exact")

    def restored(self, shown: str, exact: str) -> str:
        """Put the original words back into an edited masked text.

        `exact` is the text before masking; equal marks are replaced in their order.
        """
        try:
            found = self._found(exact)
        except TimeoutError:  # the places are not known; the marks stay
            return shown
        for mark in dict.fromkeys(mark for mark, _, _ in found):
            kept = [exact[first:last] for other, first, last in found if other == mark]
            whole, *parts = shown.split(mark)
            for number, part in enumerate(parts):  # a mark too many stays a mark
                whole += (kept[number] if number < len(kept) else mark) + part
            shown = whole
        return shown

    def _masked(self, text: str) -> str:
        try:
            found = self._found(text)
        except TimeoutError:
            return TOO_SLOW
        shown, end = "", 0
        for mark, first, last in found:
            shown += text[end:first] + mark
            end = last
        return shown + text[end:]

    def _found(self, text: str) -> list[Found]:
        """Find all places to mask, in order; overlapping places are joined into a single place."""
        found = [place for finder in self.finders for place in finder(text)]
        apart: list[Found] = []
        # of places that start together the longest comes first, and its mark stays
        for mark, first, last in sorted(found, key=lambda place: (place[1], -place[2])):
            if apart and first < apart[-1][2]:
                before = apart.pop()
                apart.append((before[0], before[1], max(before[2], last)))
            elif last > first:
                apart.append((mark, first, last))
        return apart


OPEN = Redaction()
"""Shows everything."""
_PLAIN = frozenset((int, float, bool))
_NUMBERS = {"int", "float", "bool", "None"}


@cache  # records of a kind come by the thousand
def _fields_with_text(kind: Any) -> tuple[Field[Any], ...]:
    """Return the fields of a dataclass that may hold more than numbers and exact words."""
    return tuple(
        field
        for field in fields(kind)
        if field.metadata != EXACT and not set(re.findall(r"\w+", str(field.type))) <= _NUMBERS
    )
