"""Where a project stands, in a few lines for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.records import Overview, TaskOverview
from harness.text.plain import plain
from harness.text.safe import terminal
from harness.text.table import hang

MAX_NAMED = 8
"""Adapters that are named; the others are counted."""


def bearings_text(found: Overview, version: str, width: int = 80) -> str:
    """Return what holds, then what to do."""
    lines = [f"lora-harness {version}", *_holding(found, width)]
    for place, step in enumerate(found.next):
        lines += hang("next  " if place == 0 else "then  ", terminal(step.words), width)
        lines.append(f"        {terminal(step.command)}")
    return "\n".join([*lines, "all commands: lora-harness --help"])


def bearings_json(found: Overview) -> dict[str, Any]:
    """Return the same for programs."""
    said: dict[str, Any] = plain(found)
    named = [{"name": name, "cases": cases} for name, cases in found.benchmarks]
    return said | {"benchmarks": plain(named)}


def _holding(found: Overview, width: int) -> Iterator[str]:
    if found.project is None:
        return
    yield from hang("  project     ", terminal(found.project), width)
    if found.benchmarks:
        cases = ", ".join(f"{name} ({number} cases)" for name, number in found.benchmarks)
        yield from hang("  benchmarks  ", terminal(cases), width)
        yield from hang("  adapters    ", terminal(_adapters(found.adapters)), width)
    for task in found.tasks:
        yield from hang("  task        ", terminal(f"{task.task}: {_promoted(task)}"), width)


def _adapters(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MAX_NAMED])
    more = len(names) - MAX_NAMED
    return (shown or "none yet") + (f" and {more} more" if more > 0 else "")


def _promoted(task: TaskOverview) -> str:
    if task.promoted is None:
        return "nothing is promoted yet"
    by = " by override" if task.override else ""
    since = f" since {task.since[:10]}" if task.since else ""
    state = f"; monitor says {task.state}" if task.state else ""
    return f"{task.promoted} is promoted{by}{since}{state}"
