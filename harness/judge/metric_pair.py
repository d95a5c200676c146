"""One metric on two sides, aligned: the scores that both have and their differences.

Differences point upwards: positive is better, also for metrics that people read downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import unit_sums
from harness.judge.paired import Codes, Flags, Floats, Paired
from harness.records import LOWER_IS_BETTER

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Scores of the cases that have one on both sides."""

    now: Floats
    before: Floats
    d: Floats
    """Differences, better upwards."""
    groups: Codes | None
    missing: tuple[str, ...]
    """Cases without a score on one side: said, never taken as 0."""
    samples: int = 1
    """Outputs per case."""
    noise: Floats | None = None
    """Variance of each difference from sample to sample; None where one was drawn."""
    own_noise: Floats | None = None
    """The same of the candidate's score alone."""

    @property
    def n(self) -> int:
        """Cases with a score on both sides."""
        return len(self.d)

    @property
    def rose(self) -> int:
        """Cases that got better."""
        return int((self.d > TOLERANCE).sum())

    @property
    def fell(self) -> int:
        """Cases that got worse."""
        return int((self.d < -TOLERANCE).sum())

    def units(self) -> tuple[Floats, Floats]:
        """Sums and sizes of what is independent: cases, or groups of them."""
        return unit_sums(self.d, self.groups)


def upwards(scores: Floats, metric: str) -> Floats:
    """The scores with better upwards; an edit rate of 0.2 counts as 0.8."""
    return 1.0 - scores if metric in LOWER_IS_BETTER else scores


def sides_of(paired: Paired, metric: str, against: str) -> Sides:
    """Align one metric of the candidate with a reference."""
    now, before = paired.side(metric), paired.side(metric, against)
    present = np.isfinite(now) & np.isfinite(before)
    return Sides(
        now=now[present],
        before=before[present],
        d=upwards(now[present], metric) - upwards(before[present], metric),
        groups=None if paired.groups is None else paired.groups[present],
        missing=tuple(paired.cases[i] for i in np.flatnonzero(~present)),
        samples=paired.samples,
        noise=_of(paired.drawn(metric, against), present),
        own_noise=_of(paired.drawn(metric), present),
    )


def _of(noise: Floats | None, present: Flags) -> Floats | None:
    return None if noise is None else noise[present]
