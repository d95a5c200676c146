"""The overview of a project and its next steps, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.records import Overview
from harness.text.plain import plain
from harness.text.safe import terminal
from harness.text.table import hang

MAX_NAMED = 8
"""Adapters that are named; the others are counted."""


def bearings_text(found: Overview, version: str, width: int = 80) -> str:
    """Return the project's state, then the next steps."""
    lines = [f"lora-harness {version}", *_state(found, width)]
    for place, step in enumerate(found.next):
        lines += hang("next  " if place == 0 else "then  ", terminal(step.words), width)
        lines.append(f"        {terminal(step.command)}")
    return "\n".join([*lines, "all commands: lora-harness --help"])


def bearings_json(found: Overview) -> dict[str, Any]:
    """Return the same for programs."""
    overview: dict[str, Any] = plain(found)
    named = [{"name": name, "cases": cases} for name, cases in found.benchmarks]
    return overview | {"benchmarks": plain(named)}


def _state(found: Overview, width: int) -> Iterator[str]:
    if found.project is None:
        return
    yield from hang("  project     ", terminal(found.project), width)
    if found.benchmarks:
        cases = ", ".join(f"{name} ({number} cases)" for name, number in found.benchmarks)
        shown = ", ".join(found.adapters[:MAX_NAMED]) or "none yet"
        more = len(found.adapters) - MAX_NAMED
        adapters = shown + (f" and {more} more" if more > 0 else "")
        yield from hang("  benchmarks  ", terminal(cases), width)
        yield from hang("  adapters    ", terminal(adapters), width)
    for task in found.tasks:
        promoted = "nothing is promoted yet"
        if task.promoted is not None:
            by = " by override" if task.override else ""
            since = f" since {task.since[:10]}" if task.since else ""
            state = f"; monitor says {task.state}" if task.state else ""
            promoted = f"{task.promoted} is promoted{by}{since}{state}"
        yield from hang("  task        ", terminal(f"{task.task}: {promoted}"), width)
