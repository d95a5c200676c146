"""Records of what adapters were worth: time of editing, hours, money, and what a prompt would do.

Tested in tests/alarm/test_editing_time.py and tests/flows/queries/test_worth.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.records.decisions import Decision
from harness.records.holds import EXACT

TimeBasis: TypeAlias = Literal["measured", "declared"]
"""Whether minutes come from reviews that carry their seconds, or from the team's settings."""


@dataclass(frozen=True, slots=True)
class WorthSettings:
    """What a team declares about its work; None is not declared, and nothing is made up for it."""

    minutes_per_edit: float | None = None
    """Minutes that an edited output costs a person."""
    minutes_per_rewrite: float | None = None
    """Minutes that a rejected output costs, since somebody writes the text anew."""
    cost_per_hour: float | None = None
    """Cost of a person's hour."""
    training_hours: float | None = None
    """Hours of people that an adapter costs: data, training, judging."""
    outputs_per_month: float | None = None
    """Outputs of the task that people handle in a month."""
    currency: str = field(default="", metadata=EXACT)
    """The currency of the cost, as it is written behind a number."""


@dataclass(frozen=True, slots=True)
class WeekTimes:
    """The reviews of an adapter in a week."""

    week: str = field(metadata=EXACT)
    """2026-W47."""
    accepted: int
    """Outputs that were sent unchanged."""
    edited: int
    """Outputs that were sent after edits."""
    rejected: int
    """Outputs that were thrown away."""
    timed: int
    """Reviews that carry their seconds."""
    seconds: float
    """Sum of those."""
    seconds_squared: float
    """Sum of their squares."""
    edit_n: int
    """Reviews with an edit rate."""
    edit_sum: float
    """Sum of their edit rates."""
    edit_squared: float
    """Sum of their squares."""
    synthetic: int
    """Reviews that are made up."""

    @property
    def n(self) -> int:
        """Number of reviews."""
        return self.accepted + self.edited + self.rejected


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    """The figure."""
    low: float | None
    """Lower end; None where a single week or case gives no interval."""
    high: float | None
    """Upper end."""
    n: int
    """Reviews or cases behind it."""


@dataclass(frozen=True, slots=True)
class Editing:
    """The reviews of an adapter's outputs."""

    adapter: str = field(metadata=EXACT)
    """Name of the adapter."""
    since: str = field(metadata=EXACT)
    """When it was put into production."""
    reviews: int
    """Reviews of its outputs; before and after a promotion, those of that time in production."""
    timed: int
    """Reviews that carry their seconds."""
    synthetic: int
    """Reviews that are made up."""
    edit_rate: Estimate | None
    """Mean edit rate, with an interval that weeks tell."""
    minutes: Estimate | None
    """Minutes per hundred outputs; None where nothing says how long people took."""


@dataclass(frozen=True, slots=True)
class MonthlyWorth:
    """What a saving comes to in a month; whatever is not declared is None."""

    hours: Estimate | None
    """Hours saved a month."""
    money: Estimate | None
    """Their cost."""
    pays_from: int | None
    """Outputs a month from which a month's saving is worth the hours of training."""
    pays_from_at_worst: int | None
    """The same at the interval's lower end; None where no saving is shown there."""
    shown: bool | None
    """Whether the whole interval saves time; None where there is no interval."""


@dataclass(frozen=True, slots=True)
class PromotionWorth:
    """What changed when an adapter replaced another one in production."""

    decision: Decision
    """The promotion or rollback."""
    before: Editing
    """The adapter that it replaced."""
    after: Editing
    """The adapter itself."""
    basis: TimeBasis | None = field(metadata=EXACT)
    """Where the minutes come from; None where there are none."""
    saving: Estimate | None
    """Minutes saved per hundred outputs; negative where editing takes longer now."""
    month: MonthlyWorth | None
    """The saving in a month."""


@dataclass(frozen=True, slots=True)
class PromptWorth:
    """What the promoted adapter saves against the base, as its benchmark predicts."""

    against: str = field(metadata=EXACT)
    """`base` or `base+prompt`."""
    benchmark: str = field(metadata=EXACT)
    """Name of the benchmark."""
    ratio: Estimate | None
    """Its edit rate over the adapter's, on the same cases; above 1 the adapter is better."""
    saving: Estimate | None
    """Predicted minutes saved per hundred outputs; None without minutes."""
    month: MonthlyWorth | None
    """The saving in a month."""
    says: str = field(metadata=EXACT)
    """What follows, such as that a prompt would do."""


@dataclass(frozen=True, slots=True)
class TaskWorth:
    """What a task's adapters were worth."""

    task: str = field(metadata=EXACT)
    """Name of the task."""
    now: Editing | None
    """The adapter in production; None where nothing is promoted."""
    basis: TimeBasis | None = field(metadata=EXACT)
    """Where its minutes come from; None where there are none."""
    promotions: tuple[PromotionWorth, ...] = ()
    """Each change of what is in production, the newest first."""
    prompts: tuple[PromptWorth, ...] = ()
    """Against base+prompt, and against the base."""
    missing: tuple[str, ...] = field(default=(), metadata=EXACT)
    """What is neither measured nor declared, and how to add it."""
