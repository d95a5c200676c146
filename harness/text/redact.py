"""The one place where texts are left out or masked, before `safe` makes the rest fit its outlet.

Fails closed: where a pattern takes too long, the whole text is left out.
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
"""What stands at a place instead, and the place: `[email]`, start, end."""
Finder: TypeAlias = Callable[[str], Iterable[Found]]
Record = TypeVar("Record")

LEFT_OUT = "[text left out]"
TOO_SLOW = "[text left out: a pattern of `redact` took too long on it]"


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is masked in everything that is shown, and whether texts are shown at all."""

    finders: Sequence[Finder] = ()
    texts: bool = True

    def text(self, text: str) -> str:
        """Return a text that a model, a customer or an editor wrote, as it may be shown."""
        if not text.strip():
            return text
        return self._masked(text) if self.texts else LEFT_OUT

    def words(self, words: str) -> str:
        """Return a sentence of ours or somebody's label, without the texts that it may quote."""
        masked = self._masked(words)
        return masked if self.texts else without_quotations(masked, LEFT_OUT)

    def record(self, record: Record) -> Record:
        """Return a record, or anything made of records, with every text in it as it may be shown.

        Each field says what it holds (`harness/records/holds.py`); strings outside any record are
        sentences. Numbers, names and ids stay. Look at what depends on the texts, such as whether
        two are the same, before and not after.
        """
        return cast(Record, self._walk(record, "quoting")) if self._does_anything else record

    def row(self, row: Mapping[str, Any], holds: Mapping[str, Holds]) -> dict[str, Any]:
        """Return the row of a file by what its columns hold; one that is not named holds texts."""
        if not self._does_anything:
            return dict(row)
        told = {name: holds.get(name, "text") for name in row}
        return {name: self._walk(row[name], what, keys=what) for name, what in told.items()}

    @property
    def _does_anything(self) -> bool:
        return bool(self.finders) or not self.texts

    def _walk(self, value: Any, holds: Holds, keys: Holds = "exact") -> Any:
        if isinstance(value, str):
            return self._shown(value, holds)
        if is_dataclass(value) and not isinstance(value, type):
            found = {f.name: self._field(value, f) for f in _looked_at(type(value))}
            return replace(value, **found) if found else value
        if isinstance(value, Mapping):
            return {self._walk(k, keys): self._walk(v, holds, keys) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._walk(item, holds, keys) for item in value)
        return value

    def _field(self, record: Any, field: Field[Any]) -> Any:
        """Fails closed: a field that does not say what it holds holds texts."""
        holds = held(field, record)
        keys = holds if holds == "text" or keyed_by_labels(field) else None
        return self._walk(getattr(record, field.name), holds or "text", keys or "exact")

    def _shown(self, value: str, holds: Holds) -> str:
        if holds == "exact":
            return value
        return self.text(value) if holds == "text" else self.words(value)

    def restored(self, shown: str, exact: str) -> str:
        """Return what somebody made of a masked text, with what the marks stand for back in.

        `exact` is the text that was masked; equal marks are taken in their order.
        """
        try:
            found = _apart(self._found(exact))
        except TimeoutError:
            return shown
        for mark in dict.fromkeys(mark for mark, _, _ in found):
            kept = [exact[first:last] for other, first, last in found if other == mark]
            shown = _filled(shown.split(mark), kept, mark)
        return shown

    def _masked(self, text: str) -> str:
        try:
            return _replaced(text, _apart(self._found(text)))
        except TimeoutError:
            return TOO_SLOW

    def _found(self, text: str) -> list[Found]:
        return [one for finder in self.finders for one in finder(text)]


OPEN = Redaction()
"""Shows everything."""
_NUMBERS = {"int", "float", "bool", "None"}


@cache
def _looked_at(kind: Any) -> tuple[Field[Any], ...]:
    """Return the fields of a dataclass that may hold more than numbers and exact words."""
    return tuple(
        field
        for field in fields(kind)
        if field.metadata != EXACT and not set(re.findall(r"\w+", str(field.type))) <= _NUMBERS
    )


def _apart(found: Iterable[Found]) -> list[Found]:
    """Places that overlap become one, so that nothing of either is left."""
    apart: list[Found] = []
    for mark, first, last in sorted(found, key=lambda one: (one[1], -one[2])):
        if apart and first < apart[-1][2]:
            before = apart.pop()
            apart.append((before[0], before[1], max(before[2], last)))
        elif last > first:
            apart.append((mark, first, last))
    return apart


def _replaced(text: str, found: Iterable[Found]) -> str:
    shown, end = "", 0
    for mark, first, last in found:
        shown += text[end:first] + mark
        end = last
    return shown + text[end:]


def _filled(parts: Sequence[str], kept: Sequence[str], mark: str) -> str:
    """Join parts again, with what was kept between them; a mark too many stays a mark."""
    whole = parts[0]
    for number, part in enumerate(parts[1:]):
        whole += (kept[number] if number < len(kept) else mark) + part
    return whole
