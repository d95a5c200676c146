"""Records of what a verdict rests on: margins, the cases, the reserve, and what people sent.

Tested in tests/store/test_round_trips.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT, QUOTING

MarginSource = Literal["declared", "gain", "unknown", "none"]
"""`declared`: the benchmark's own; `gain`: a share of the gain over the base; `unknown`: declared,
as there is no run of the base; `none`: the promoted adapter is not better than the base."""


@dataclass(frozen=True, slots=True)
class MarginUse:
    """The margin that a gate was tested with."""

    metric: str = field(metadata=EXACT)
    """Name of the gate."""
    used: float
    """The drop that counted as not worse."""
    declared: float
    """The margin that the benchmark declares."""
    source: MarginSource = field(metadata=EXACT)
    """Which of the two was used, and why."""
    gain: float | None = None
    """The reference's mean gain over the base, better upwards; None where it is unknown."""


@dataclass(frozen=True, slots=True)
class CasesUse:
    """What the benchmark's own cases show on the first gate, before any reserve case."""

    n: int
    """Number of cases."""
    mean: float | None
    """Mean difference, candidate minus reference, better upwards; None without scores."""
    low: float | None
    """Lower bound of the mean, one-sided."""
    collapsed: int
    """Cases that collapsed."""
    can_break: int
    """Cases that can break."""
    says: str = field(default="", metadata=QUOTING)
    """The conclusion in a few words."""


@dataclass(frozen=True, slots=True)
class ReserveUse:
    """The reserve cases that a verdict took, and what they show together with the cases."""

    looks: int
    """How often the verdict was looked at, the benchmark's own cases alone included."""
    used: int
    """Reserve cases that were run."""
    available: int
    """Reserve cases that there are."""
    wanted: int = 0
    """Reserve cases that would be looked at next; 0 where the verdict needs none."""
    mean: float | None = None
    """Mean difference over all cases, the used ones of the reserve included; None if unused."""
    low: float | None = None
    """Lower bound of that mean, one-sided."""
    collapsed: int = 0
    """Cases that collapsed, of all of them."""
    says: str = field(default="", metadata=QUOTING)
    """The conclusion in a few words, or why none was used."""


@dataclass(frozen=True, slots=True)
class WeighedFinal:
    """A text that a person sent, with its likelihood under both adapters."""

    id: str = field(metadata=EXACT)
    """Id of the review."""
    candidate: float | None
    """Likelihood under the candidate; None is missing."""
    promoted: float | None
    """Likelihood under the promoted adapter."""
    at: str = field(default="", metadata=EXACT)
    """When it was sent; ISO 8601, UTC."""
    slices: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Its slices, as key=value."""


@dataclass(frozen=True, slots=True)
class FinalsUse:
    """Texts that people sent, weighed under the candidate and the promoted adapter."""

    n: int
    """Number of finals."""
    collapsed: int
    """Finals that the candidate would no longer write."""
    mean: float
    """Mean difference of their likelihood, candidate minus promoted."""
    low: float
    """Lower bound of the mean, one-sided."""
    cover: float
    """Upper bound of the share that the candidate would no longer write."""
    decides: bool
    """Whether the finals decided, or could have."""
    texts: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Ids of the collapsed finals."""
    slices: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Slices in which finals collapsed beyond chance."""
    note: str = field(default="", metadata=QUOTING)
    """Why finals decide nothing; empty where they do."""
    weighed: tuple[WeighedFinal, ...] = ()
    """Every final with its likelihoods, so that the verdict can be judged again."""
    since: str = field(default="", metadata=EXACT)
    """When the oldest of them was sent; empty where that is not known of all."""
    says: str = field(default="", metadata=QUOTING)
    """The conclusion in a few words."""
