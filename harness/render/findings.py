"""Findings as a table with line numbers, as counts by kind, and as JSON.

Messages quote the checked files, so every message goes through `safe`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain
from harness.text.table import display_width, hang, pad

OWN_FORMAT = "input and output"
"""The name of our own format of training data, which goes without saying."""
MAX_FINDINGS = 200
"""Rows of a table; the JSON has all findings."""


class ShownFinding(Protocol):
    """A finding as the checks return it."""

    @property
    def kind(self) -> str:
        """The kind of problem, as a single word."""

    @property
    def line(self) -> int | None:
        """The line from 1, None for the whole file."""

    @property
    def message(self) -> str:
        """The problem, for people."""


def findings_text(
    findings: Sequence[ShownFinding], *, width: int = 100, most: int | None = MAX_FINDINGS
) -> str:
    """Return the table without a line feed at its end, or an empty text if there is no finding."""
    shown = findings if most is None else findings[:most]
    rows = [
        ("file" if f.line is None else str(f.line), safe.ci_log(f.kind, limit=40), f.message)
        for f in shown
    ]
    # not `table`: the last column wraps under its own start
    places = max((len(place) for place, _, _ in rows), default=0)
    kinds = max((display_width(kind) for _, kind, _ in rows), default=0)
    lines: list[str] = []
    for place, kind, message in rows:
        label = f"{pad(place, places, '>')}  {pad(kind, kinds)}  "
        lines += hang(label, safe.ci_log(message, limit=300), width)
    if len(findings) > len(shown):
        lines.append(f"… and {len(findings) - len(shown):,} more, `--json` has them all")
    return "\n".join(lines)


def kinds_text(counts: Mapping[str, int]) -> str:
    """Return the counts, such as `12 duplicate · 8 truncated`, or say that there are none."""
    counted = [f"{number:,} {safe.ci_log(kind, limit=40)}" for kind, number in counts.items()]
    return " · ".join(counted) or "nothing found"


def format_said(name: str) -> str:
    """Return the format of a training set in brackets; nothing for our own, the usual one."""
    return f" ({name})" if name and name != OWN_FORMAT else ""


def findings_json(findings: Sequence[ShownFinding]) -> list[dict[str, Any]]:
    """Return the findings under the keys that `--json` promises."""
    return [
        {"kind": f.kind, "line": f.line, "message": safe.json_text(f.message)} for f in findings
    ]


def sides_text(title: str, texts: Sequence[tuple[str, str]], most: int = 5) -> list[str]:
    """Return a title and the first texts, each after its sign, and how many more there are."""
    if not texts:
        return []
    lines = [title]
    for sign, text in texts[:most]:
        lines += hang(f"  {sign} ", safe.ci_log(" ".join(text.split()), limit=160), 100)
    if len(texts) > most:
        lines.append(f"  … and {count(len(texts) - most, 'more line')}, `--json` has them all")
    return lines


def record_json(record: object) -> Any:
    """Return a record as values that JSON can hold."""
    return plain(record)
