"""One metric on two sides, aligned: the scores that both have and their differences.

Differences point upwards: positive is better, also for metrics that people read downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import NOTHING, factor, spread, unit_sums
from harness.judge.paired import Codes, Flags, Floats, Paired
from harness.records import LOWER_IS_BETTER, Limit, Policy, Sampling

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class MetricPair:
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


def sides_of(paired: Paired, metric: str, against: str) -> MetricPair:
    """Align one metric of the candidate with a reference."""
    now, before = paired.side(metric), paired.side(metric, against)
    present = np.isfinite(now) & np.isfinite(before)
    return MetricPair(
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


MAX_SAMPLES = 64
"""More are never drawn."""
MOSTLY = 0.5


def sampling(
    sides: MetricPair, margin: float | None, policy: Policy, alpha: float
) -> Sampling | None:
    """How much of the uncertainty is drawing, and how many samples a case would do."""
    if sides.noise is None or not sides.n or not np.isfinite(sides.noise).all():
        return None
    seen = spread(sides.d, sides.groups)
    variance = seen.se**2 * seen.n
    within = float(sides.noise.mean())
    drawing = min(within / sides.samples, variance)
    share = drawing / variance if variance > NOTHING**2 else 0.0
    if margin is None:
        return Sampling(sides.samples, _deviation(sides), share, None, None)
    allowed = sides.n * margin**2 / factor(alpha, policy)
    needed = samples_needed(allowed, variance - drawing, within)
    return Sampling(
        sides.samples, _deviation(sides), share, needed, _limit(needed, share, variance <= allowed)
    )


def samples_needed(allowed: float, between: float, within: float) -> int | None:
    """The fewest samples with between + within / K at most `allowed`; None where no K does."""
    room = allowed - between
    if room <= 0:
        return None
    needed = max(1, math.ceil(round(within / room, 9)))
    return needed if needed <= MAX_SAMPLES else None


def _limit(needed: int | None, share: float, enough: bool) -> Limit:
    """Where most of it is drawing, what is left for the cases is known too badly to blame them."""
    if enough:
        return "nothing"
    if needed is not None:
        return "samples"
    return "both" if share > MOSTLY else "cases"


def _deviation(sides: MetricPair) -> float | None:
    noise = sides.own_noise
    if noise is None or not np.isfinite(noise).all():
        return None
    return math.sqrt(float(noise.mean()))
