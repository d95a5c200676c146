"""What people did with the outputs of production, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT, LABELS, QUOTING, TEXT

Treatment = Literal["accepted", "edited", "rejected"]

ON_BENCHMARK = "benchmark"
"""The source of reviews of benchmark outputs: nothing of production, so no part of any rate."""
SYNTHETIC = "synthetic"
"""The source of reviews that nobody made: they show the software, and are labelled everywhere."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a person did with one production output; counted once, by its id."""

    id: str = field(metadata=EXACT)
    """The team's own; made from the content where they have none."""
    at: str = field(metadata=EXACT)
    """When the person decided; ISO 8601, UTC."""
    task: str = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    """Of the adapter's bytes; empty where nobody knows them any more."""
    input: str = field(metadata=TEXT)
    output: str = field(metadata=TEXT)
    """What the adapter wrote."""
    decision: Treatment = field(metadata=EXACT)
    final: str | None = field(default=None, metadata=TEXT)
    """What was sent in the end; None where the output was thrown away."""
    reviewer: str = field(default="", metadata=QUOTING)
    reason: str = field(default="", metadata=TEXT)
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups, as cases have them, such as industry=logistics."""
    edit_rate: float | None = None
    """min(1, TER) of output against final; None without a final: missing is not zero."""
    character_rate: float | None = None
    """1 - edit similarity of output and final; None without a final."""
    source: str = field(default="", metadata=EXACT)
    """The file it came from, `dashboard`, `benchmark`, or `synthetic`."""
    seq: int = 0
    """The store's own order, from 1."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Reviews of one group, counted: what every rate is made of."""

    key: str = field(metadata=QUOTING)
    """The week (2026-W47), adapter, slice (industry=logistics), reviewer or task they share."""
    n: int
    """Reviews in all: accepted, edited and rejected ones."""
    accepted: int
    edited: int
    rejected: int
    final_n: int
    """Reviews with an edit rate, which need a final; the mean edit rate is over these."""
    edit_sum: float
    """Of their edit rates."""
    synthetic: int
    """How many of them nobody made."""
    first_seq: int
    last_seq: int
    """The store's own numbers of the first and the last of them."""

    @property
    def edit_rate(self) -> float | None:
        """The mean edit rate of the reviews with a final."""
        return self.edit_sum / self.final_n if self.final_n else None

    @property
    def rejection_rate(self) -> float | None:
        """The share that was thrown away."""
        return self.rejected / self.n if self.n else None

    @property
    def edited_share(self) -> float | None:
        """The share that somebody changed before it was sent."""
        return self.edited / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, or a mean of edit rates, with its 95 % Wilson interval."""

    value: float | None
    """None where there is nothing to count: missing is not zero."""
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupRates:
    """What people did with the outputs of one group."""

    key: str = field(metadata=QUOTING)
    n: int
    synthetic: int
    """How many of them nobody made."""
    edit_rate: Rate
    """Mean over the reviews with a final."""
    rejection_rate: Rate
    edited_share: Rate
