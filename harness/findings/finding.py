"""What a check of training data or of a benchmark has found: one kind, one line, one message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at."""

    kind: str = field(metadata=EXACT)
    """One word, such as duplicate, overlap, personal_data; programs sort by it."""
    line: int | None
    """The line it stands at, from 1; None where it is about the whole file."""
    message: str = field(metadata=QUOTING)
    """What is wrong there, in words; may quote what the file says."""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By line, what is about the whole file last; the same finding once."""
    found = dict.fromkeys(findings)
    return sorted(found, key=lambda f: (f.line is None, f.line or 0, f.kind))


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each kind, the most frequent first."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind] = counts.get(finding.kind, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def quoted(text: str, longest: int = 60) -> str:
    """A text on one line, cut where it is long; whoever shows it makes it safe for its outlet."""
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= longest else f'"{flat[: longest - 1]}…"'
