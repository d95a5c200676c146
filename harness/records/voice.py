"""Record the marked days of a task: a repositioning, its new benchmark, and people's notes.

Tested in tests/workspace/project/test_voice_days.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT, QUOTING

MarkedKind = Literal["reposition", "benchmark", "note"]


@dataclass(frozen=True, slots=True)
class VoiceDay:
    """A day that charts mark, chained by hash to the day before it."""

    kind: MarkedKind = field(metadata=EXACT)
    """`reposition`: a new voice is taught from here on; `benchmark`: the ideals speak it; `note`: a
    person's note."""
    task: str = field(metadata=EXACT)
    """The task whose voice it is."""
    number: int
    """Its number among the task's days, from 1."""
    day: str = field(metadata=EXACT)
    """The day from which it holds; ISO 8601, such as 2026-06-01."""
    by: str = field(metadata=QUOTING)
    """The person who marked it."""
    why: str = field(metadata=QUOTING)
    """The person's reason."""
    at: str = field(metadata=EXACT)
    """When it was marked; ISO 8601, UTC."""
    benchmark: str = field(metadata=EXACT)
    """Name of the task's benchmark."""
    fingerprint: str = field(metadata=EXACT)
    """Of the benchmark, as it was left on that day."""
    data: str = field(default="", metadata=EXACT)
    """The version of the training set that teaches the new voice; empty for `benchmark`."""
    added: int = 0
    """Examples of the new voice."""
    repeat: int = 0
    """How many times each of them is taught in an epoch."""
    retired: int = 0
    """Examples of the old voice that are no longer taught."""
    ideals: int = 0
    """Cases whose ideal was rewritten."""
    prev: str = field(default="", metadata=EXACT)
    """The hash of the day before; empty for the first."""
    hash: str = field(default="", metadata=EXACT)
    """sha256 over the fields above."""
