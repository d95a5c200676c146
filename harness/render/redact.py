"""The one place where texts are left out or masked, before `safe` makes the rest fit its outlet.

Fails closed: where a pattern takes too long, the whole text is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeAlias, TypeVar, cast

Found: TypeAlias = tuple[str, int, int]
"""What stands at a place instead, and the place: `[email]`, start, end."""
Finder: TypeAlias = Callable[[str], Iterable[Found]]
Record = TypeVar("Record")

LEFT_OUT = "[text left out]"
TOO_SLOW = "[text left out: a pattern of `redact` took too long on it]"

TEXTS = frozenset(
    {
        "input", "ideal", "ideals", "text", "output", "final", "content", "reference_text",
        "candidate_text",
        # What a check found quotes the output, and what it wants is part of the benchmark.
        "CheckResult.message", "Check.value",
        "Review.reason",
    }
)  # fmt: skip
"""Fields of records that hold what models, customers and editors wrote."""
EXACT = frozenset(
    {
        "id", "case", "cases", "only_a", "only_b", "adapter", "benchmark", "task", "candidate",
        "promoted", "pinned", "against", "fingerprint", "digest", "digests", "run", "runs",
        "origin", "outcome", "state", "role", "level", "finish", "kind", "decision", "action", "at",
        "started", "made", "since", "promoted_at", "seed", "left_out", "metric", "version",
    }
)  # fmt: skip
"""Fields that programs follow: names, ids, digests, times and words of ours."""
_QUOTED = re.compile(r'"[^\n]*"|\'[^\n]*\'')
"""From the first quotation mark of a line to the last: what is quoted may hold marks itself."""


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
        """Return a line of ours, which may quote a text."""
        masked = self._masked(words)
        return masked if self.texts else _QUOTED.sub(LEFT_OUT, masked)

    def record(self, record: Record) -> Record:
        """Return a record, or anything made of records, with every text in it as it may be shown.

        Numbers, names and ids stay. Look at what depends on the texts, such as whether two are
        the same, before and not after.
        """
        return cast(Record, self._walk(record, "")) if self.finders or not self.texts else record

    def _walk(self, value: Any, place: str) -> Any:
        name = place.rpartition(".")[2]
        if isinstance(value, str):
            return self._field(value, place, name)
        if is_dataclass(value) and not isinstance(value, type):
            kind = type(value).__name__
            parts = {f.name: getattr(value, f.name) for f in fields(value)}
            return replace(value, **{n: self._walk(v, f"{kind}.{n}") for n, v in parts.items()})
        if name in EXACT:
            return value
        if isinstance(value, Mapping):
            return {key: self._walk(item, place) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._walk(item, place) for item in value)
        return value

    def _field(self, value: str, place: str, name: str) -> str:
        if name in TEXTS or place in TEXTS:
            return self.text(value)
        return value if name in EXACT else self.words(value)

    def _masked(self, text: str) -> str:
        try:
            found = [one for finder in self.finders for one in finder(text)]
        except TimeoutError:
            return TOO_SLOW
        return _replaced(text, found) if found else text


OPEN = Redaction()
"""Shows everything."""


def _replaced(text: str, found: Iterable[Found]) -> str:
    """Put marks in; places that overlap go under one, so that nothing of either is left."""
    shown, end = "", 0
    for mark, first, last in sorted(found, key=lambda one: (one[1], -one[2])):
        if last <= max(end, first):
            continue
        shown += (text[end:first] + mark) if first >= end else ""
        end = last
    return shown + text[end:]
