"""Records of the people who review: how much, how fast, and how alike they decide.

Tested in tests/flows/queries/test_reviewers.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING
from harness.records.reviews import Rate, Treatment


@dataclass(frozen=True, slots=True)
class TwoLooks:
    """The decisions of two people about the same output."""

    one: Treatment = field(metadata=EXACT)
    """What one of them did."""
    other: Treatment = field(metadata=EXACT)
    """What the other one did."""
    one_rate: float | None = None
    """Edit rate of the first final; None without a final."""
    other_rate: float | None = None
    """Edit rate of the other final."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike people decide, over all outputs that two of them reviewed."""

    share: Rate
    """Share of the pairs with the same decision."""
    beyond_chance: float | None
    """Scott's pi: 1 is perfect, 0 as good as chance; None where all decisions are the same."""
    apart: float | None
    """Mean distance of the two edit rates, where both sent a final; None where no pair did."""
    apart_n: int
    """Pairs with two finals."""


@dataclass(frozen=True, slots=True)
class ReviewerRow:
    """A person's reviews."""

    name: str = field(metadata=QUOTING)
    """Empty where the file names nobody."""
    production: int
    """Reviews of production outputs, which enter rates."""
    others: int
    """Reviews of benchmark outputs, and second looks, which enter none."""
    synthetic: int
    """How many are made up."""
    accepted: int
    """Outputs that were sent unchanged."""
    edited: int
    """Outputs that were sent after edits."""
    rejected: int
    """Outputs that were thrown away."""
    edit: Rate
    """Mean edit rate over all reviews with a final."""
    rejection: Rate
    """The share that was thrown away."""
    timed: int
    """Reviews with a measured time."""
    seconds: float | None
    """Median of the measured times; None where none was measured."""
    agreement: Agreement
    """With others who reviewed the same outputs."""

    @property
    def reviews(self) -> int:
        """Number of all reviews."""
        return self.production + self.others


@dataclass(frozen=True, slots=True)
class Reviewers:
    """All people who reviewed outputs of a task, or of all tasks."""

    task: str | None = field(metadata=EXACT)
    """The task; None for all."""
    rows: tuple[ReviewerRow, ...]
    """The busiest first."""
    timed: int
    """Reviews with a measured time."""
    seconds: float | None
    """Median over all measured times."""
    agreement: Agreement
    """Over every two people who reviewed the same output."""
    outputs: int
    """Outputs that several people reviewed."""
    uses: tuple[str, ...] = field(metadata=EXACT)
    """What a review is used for, by where its output came from."""
