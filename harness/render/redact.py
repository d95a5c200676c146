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
        "farthest", "checks",
        # What a check found quotes the output, and what it wants is part of the benchmark.
        "CheckResult.message", "Check.value",
        "Review.reason", "FieldChange.old", "FieldChange.new",
        "ChangedExample.before", "ChangedExample.after",
    }
)  # fmt: skip
"""Fields of records that hold what models, customers and editors wrote."""
EXACT = frozenset(
    {
        "id", "case", "cases", "only_a", "only_b", "adapter", "benchmark", "task", "candidate",
        "promoted", "pinned", "against", "fingerprint", "digest", "digests", "run", "runs",
        "origin", "outcome", "state", "role", "level", "finish", "kind", "decision", "at",
        "started", "made", "when", "since", "promoted_at", "metric", "metrics", "flag",
        "hash", "prev", "verdict", "verdict_id", "file", "folder", "where", "source", "tasks",
        "adapters", "benchmarks", "week", "starts", "command", "MetricRule.name",
        "Waiting.key", "MetricVerdict.name", "Check.name", "CheckResult.name",
        "Decision.base", "Decision.policy", "Plan.training", "Plan.name", "Plan.train",
    }
)  # fmt: skip
"""Fields that programs follow: names, ids, digests, times and words of ours."""
_QUOTED = re.compile(r'"[^\n]*"')
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

    def line(self, line: str) -> str:
        """Return an error's line, whose quoted names say what to put right."""
        return self._masked(line)

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
        if isinstance(value, Mapping):
            return {
                self._key(key, name): self._walk(item, key if key in TEXTS else place)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return type(value)(self._walk(item, place) for item in value)
        return value

    def _key(self, key: Any, name: str) -> Any:
        """Slices are keyed by what people wrote; everything else by names of ours."""
        return self.words(key) if name == "slices" and isinstance(key, str) else key

    def _field(self, value: str, place: str, name: str) -> str:
        if name in TEXTS or place in TEXTS:
            return self.text(value)
        return value if name in EXACT else self.words(value)

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
