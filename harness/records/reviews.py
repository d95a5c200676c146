"""Records of reviews: what people did with production outputs, and the rates that follow.

Tested in tests/store/test_reviews.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT, LABELS, QUOTING, TEXT
from harness.records.turns import Message, conversation

Treatment = Literal["accepted", "edited", "rejected"]
"""Sent unchanged, sent after edits, or thrown away."""

ON_BENCHMARK = "benchmark"
"""The source of reviews of benchmark outputs; they are not of production and enter no rate."""
SECOND_LOOK = "second look"
"""The source of second reviews of a reviewed output; they show agreement and enter no rate."""
NOT_COUNTED = (ON_BENCHMARK, SECOND_LOOK)
"""The sources of reviews that enter no rate, no alarm and no verdict."""
SYNTHETIC = "synthetic"
"""The source of made-up reviews; they demonstrate the software and are labelled everywhere."""


@dataclass(frozen=True, slots=True)
class Review:
    """A person's treatment of a production output; counted once, by its id."""

    id: str = field(metadata=EXACT)
    """The team's own id; made from the content where they have none."""
    at: str = field(metadata=EXACT)
    """When the person decided; ISO 8601, UTC."""
    task: str = field(metadata=EXACT)
    """The task that the output was written for."""
    adapter: str = field(metadata=EXACT)
    """Name of the adapter that wrote it."""
    digest: str = field(metadata=EXACT)
    """Digest of the adapter's bytes; empty where it is no longer known."""
    input: str = field(metadata=TEXT)
    """The text that the adapter was given; of a conversation the user's last turn."""
    output: str = field(metadata=TEXT)
    """The text that the adapter wrote."""
    decision: Treatment = field(metadata=EXACT)
    """What the person did with it."""
    final: str | None = field(default=None, metadata=TEXT)
    """The text that was sent in the end; None where the output was thrown away."""
    reviewer: str = field(default="", metadata=QUOTING)
    """The person's name; empty where unknown."""
    reason: str = field(default="", metadata=TEXT)
    """The person's reason, where given."""
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups, as cases have them, such as industry=logistics."""
    edit_rate: float | None = None
    """min(1, TER) of output against final; None without a final: missing is not zero."""
    character_rate: float | None = None
    """1 - edit similarity of output and final; None without a final."""
    source: str = field(default="", metadata=EXACT)
    """The file it came from, `dashboard`, `benchmark`, or `synthetic`."""
    seq: int = 0
    """Its number in the store, from 1."""
    turns: tuple[Message, ...] = ()
    """The conversation before the input, where the input was not the first turn."""
    system: str | None = field(default=None, metadata=TEXT)
    """The system text, where the file says one."""
    context: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Retrieved texts that the adapter was given beside the input."""
    seconds: float | None = None
    """How long the person took, as measured; None where it was not: nothing is made up."""

    @property
    def conversation(self) -> str:
        """All turns as one text, for comparisons; without earlier turns it is the input."""
        return conversation(self.turns, self.input)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the reviews of a group, from which every rate is computed."""

    key: str = field(metadata=QUOTING)
    """The week (2026-W47), adapter, slice (industry=logistics), reviewer or task they share."""
    n: int
    """Number of reviews: accepted, edited and rejected together."""
    accepted: int
    """Outputs that were sent unchanged."""
    edited: int
    """Outputs that were sent after edits."""
    rejected: int
    """Outputs that were thrown away."""
    final_n: int
    """Reviews with an edit rate, which needs a final; the mean edit rate is over these."""
    edit_sum: float
    """Sum of their edit rates."""
    synthetic: int
    """How many of the reviews are made up."""
    first_seq: int
    """The store's number of the first review."""
    last_seq: int
    """The store's number of the last review."""

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
        """The share that was changed before it was sent."""
        return self.edited / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, or a mean of edit rates, with its 95 % Wilson interval."""

    value: float | None
    """The rate; None where no review can be counted: missing is not zero."""
    n: int
    """Number of reviews behind it."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """The rates over the reviews of a group."""

    key: str = field(metadata=QUOTING)
    """The week, adapter, slice, reviewer or task that they share."""
    n: int
    """Number of reviews."""
    synthetic: int
    """How many of them are made up."""
    edit_rate: Rate
    """Mean over the reviews with a final."""
    rejection_rate: Rate
    """The share that was thrown away."""
    edited_share: Rate
    """The share that was changed before it was sent."""
