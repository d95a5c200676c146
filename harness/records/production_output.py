"""The record of a production output that a team's own tool wrote down, for people to review.

Tested in tests/flows/reviews/test_recording.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records.holds import EXACT, LABELS, TEXT
from harness.records.turns import Message


@dataclass(frozen=True, slots=True)
class ProductionOutput:
    """A production output; its review has the same id."""

    id: str = field(metadata=EXACT)
    """The team's own id; made from the content where they have none."""
    at: str = field(metadata=EXACT)
    """When it was written; ISO 8601, UTC."""
    task: str = field(metadata=EXACT)
    """The task that it was written for."""
    adapter: str = field(metadata=EXACT)
    """Name of the adapter that wrote it."""
    digest: str = field(metadata=EXACT)
    """Digest of the adapter's bytes; empty where it is no longer known."""
    input: str = field(metadata=TEXT)
    """The text that the adapter was given; of a conversation the user's last turn."""
    output: str = field(metadata=TEXT)
    """The text that the adapter wrote."""
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups, as cases have them."""
    turns: tuple[Message, ...] = ()
    """The conversation before the input."""
    system: str | None = field(default=None, metadata=TEXT)
    """The system text, where there was one."""
    context: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Retrieved texts that the adapter was given beside the input."""
