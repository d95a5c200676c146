"""The result of a check of training data or of a benchmark: a kind, a line and a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.findings.kinds import Kind
from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that a person should look at."""

    kind: Kind = field(metadata=EXACT)
    """One word, such as duplicate, overlap, personal_data; programs sort by it."""
    line: int | None
    """The line in the file, from 1; None for a finding about the whole file."""
    message: str = field(metadata=QUOTING)
    """A sentence that may quote the file."""
    file: str = field(default="", metadata=EXACT)
    """Name of the file, where it is not the file that is checked first."""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by line, with those about the whole file last, and drop repetitions."""
    found = dict.fromkeys(findings)
    return sorted(found, key=lambda f: (f.file, f.line is None, f.line or 0, f.kind))


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Count the findings of each kind, the most frequent first."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind] = counts.get(finding.kind, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def quoted(text: str, longest: int = 60) -> str:
    """Quote a text on a single line, cut where long; the caller makes it safe for its outlet."""
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= longest else f'"{flat[: longest - 1]}…"'
