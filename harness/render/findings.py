"""Findings as a table with line numbers, each kind counted, and as JSON.

What the files say is quoted in messages, so every message goes through `safe`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain
from harness.text.table import display_width, hang, pad

MAX_FINDINGS = 200
"""Lines of one table; programs read the JSON, which has them all."""


class ShownFinding(Protocol):
    """A finding as the checks hand it out."""

    @property
    def kind(self) -> str:
        """One word."""

    @property
    def line(self) -> int | None:
        """From 1; None for the whole file."""

    @property
    def message(self) -> str:
        """What is wrong."""


def findings_text(
    findings: Sequence[ShownFinding], *, width: int = 100, most: int | None = MAX_FINDINGS
) -> str:
    """Return the table, without a line feed at its end; empty where nothing was found."""
    shown = findings if most is None else findings[:most]
    rows = [
        ("file" if f.line is None else str(f.line), safe.ci_log(f.kind, limit=40), f.message)
        for f in shown
    ]
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
    """Return `12 duplicate · 8 truncated`, or that there is nothing."""
    said = [f"{number:,} {safe.ci_log(kind, limit=40)}" for kind, number in counts.items()]
    return " · ".join(said) or "nothing found"


def findings_json(findings: Sequence[ShownFinding]) -> list[dict[str, Any]]:
    """Return the findings as DESIGN 7 names them."""
    return [
        {"kind": f.kind, "line": f.line, "message": safe.json_text(f.message)} for f in findings
    ]


def sides_text(title: str, texts: Sequence[tuple[str, str]], most: int = 5) -> list[str]:
    """Return a few texts under a counted title, each behind its sign."""
    if not texts:
        return []
    lines = [title]
    for sign, text in texts[:most]:
        lines += hang(f"  {sign} ", safe.ci_log(" ".join(text.split()), limit=160), 100)
    if len(texts) > most:
        lines.append(f"  … and {count(len(texts) - most, 'more line')}, `--json` has them all")
    return lines


def record_json(record: object) -> Any:
    """Return any record as JSON can carry it."""
    return plain(record)
