"""The marked days of a task, as charts over time show them."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.flows.project import Project
from harness.records import VoiceDay
from harness.records.holds import EXACT, QUOTING
from harness.records.voice import MarkedKind
from harness.text.figures import count
from harness.workspace.project.voice_days import read_voice_days


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """A day with a mark."""

    day: str = field(metadata=EXACT)
    """ISO 8601, such as 2026-06-01."""
    kind: MarkedKind = field(metadata=EXACT)
    """`reposition`, `benchmark` or `note`, as in `VoiceDay`."""
    text: str = field(metadata=QUOTING)
    """Who marked it, why, and what changed."""
    task: str = field(metadata=EXACT)


def marked_days(
    project: Project, task: str, since: str | None = None, until: str | None = None
) -> tuple[MarkedDay, ...]:
    """Return the marked days of a task between two days, both included, the oldest first."""
    folders = [project.settings.benchmarks / b.name
               for b in project.benchmarks.values() if b.task == task]  # fmt: skip
    found = [one for folder in folders for one in read_voice_days(folder)]
    within = (one for one in found if (since or "") <= one.day <= (until or "9999"))
    days = [MarkedDay(one.day, one.kind, _text(one), one.task) for one in within]
    return project.redaction.record(tuple(sorted(days, key=lambda one: one.day)))


def _text(one: VoiceDay) -> str:
    if one.kind == "note":
        return f"{one.by}: {one.why}"
    if one.kind == "benchmark":
        what = f"{count(one.ideals, 'ideal')} rewritten"
    else:
        new = f"{count(one.added, 'new example')} in {one.data}"
        what = f"{new}, {one.retired:,} retired" if one.retired else new
    return f"{one.by}: {one.why} ({what})"
