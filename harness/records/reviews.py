"""What people did with the outputs of production, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Treatment = Literal["accepted", "edited", "rejected"]

SYNTHETIC = "synthetic"
"""The source of reviews that nobody made: they show the software, and are labelled everywhere."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a person did with one production output; counted once, by its id."""

    id: str
    """The team's own; made from the content where they have none."""
    at: str
    """When the person decided; ISO 8601, UTC."""
    task: str
    adapter: str
    digest: str
    """Of the adapter's bytes; empty where nobody knows them any more."""
    input: str
    output: str
    """What the adapter wrote."""
    decision: Treatment
    final: str | None = None
    """What was sent in the end; None where the output was thrown away."""
    reviewer: str = ""
    reason: str = ""
    slices: Mapping[str, str] = field(default_factory=dict)
    """Named groups, as cases have them, such as industry=logistics."""
    edit_rate: float | None = None
    """min(1, TER) of output against final; None without a final: missing is not zero."""
    character_rate: float | None = None
    """1 - edit similarity of output and final; None without a final."""
    source: str = ""
    """The file it came from, `dashboard`, or `synthetic`."""
    seq: int = 0
    """The store's own order, from 1."""
