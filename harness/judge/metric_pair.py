"""A metric of the candidate and of a reference, aligned by case; and the effect of samples.

Differences point upwards: positive is better, also for metrics where a lower score is better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import NOTHING, factor, spread, unit_sums
from harness.judge.paired import Codes, Floats, Paired
from harness.records import LOWER_IS_BETTER, Limit, Policy, Sampling

TOLERANCE = 1e-9
"""Rounding: smaller differences of scores count as none."""
MAX_SAMPLES = 64
"""Samples per case beyond which none are suggested."""
MOSTLY = 0.5
"""Share of the variance from which sampling counts as its main cause."""


@dataclass(frozen=True, slots=True, eq=False)
class MetricPair:
    """The scores of the cases that both the candidate and the reference have a score for."""

    now: Floats
    before: Floats
    d: Floats
    """Differences, better upwards."""
    groups: Codes | None
    missing: tuple[str, ...]
    """Cases where a score is missing: reported, never taken as 0."""
    samples: int = 1
    """Outputs per case."""
    noise: Floats | None = None
    """Variance of each difference from sample to sample; None for one sample per case."""
    own_noise: Floats | None = None
    """The same variance of the candidate's score alone."""

    @property
    def n(self) -> int:
        """Number of cases with both scores."""
        return len(self.d)

    @property
    def rose(self) -> int:
        """Number of cases that got better."""
        return int((self.d > TOLERANCE).sum())

    @property
    def fell(self) -> int:
        """Number of cases that got worse."""
        return int((self.d < -TOLERANCE).sum())

    def units(self) -> tuple[Floats, Floats]:
        """Return sums of differences and sizes of the independent units: cases, or their groups."""
        return unit_sums(self.d, self.groups)


def metric_pair(paired: Paired, metric: str, against: str) -> MetricPair:
    """Align a metric of the candidate with a reference."""
    now, before = paired.scores(metric), paired.scores(metric, against)
    present = np.isfinite(now) & np.isfinite(before)
    noise, own_noise = paired.sample_variance(metric, against), paired.sample_variance(metric)
    return MetricPair(
        now=now[present],
        before=before[present],
        d=upwards(now[present], metric) - upwards(before[present], metric),
        groups=None if paired.groups is None else paired.groups[present],
        missing=tuple(paired.cases[i] for i in np.flatnonzero(~present)),
        samples=paired.samples,
        noise=None if noise is None else noise[present],
        own_noise=None if own_noise is None else own_noise[present],
    )


def upwards(scores: Floats, metric: str) -> Floats:
    """Turn scores so that higher is better; an edit rate of 0.2 becomes 0.8."""
    return 1.0 - scores if metric in LOWER_IS_BETTER else scores


def sampling(
    pair: MetricPair, margin: float | None, policy: Policy, alpha: float
) -> Sampling | None:
    """Return how much of the variance comes from sampling, and how many samples would suffice."""
    if pair.noise is None or not pair.n or not np.isfinite(pair.noise).all():
        return None
    seen = spread(pair.d, pair.groups)
    # The variance of one case's difference is that between cases plus within / samples.
    variance = seen.se**2 * seen.n
    within = float(pair.noise.mean())
    drawing = min(within / pair.samples, variance)
    share = drawing / variance if variance > NOTHING**2 else 0.0
    deviation = None
    if pair.own_noise is not None and np.isfinite(pair.own_noise).all():
        deviation = math.sqrt(float(pair.own_noise.mean()))
    if margin is None:
        return Sampling(pair.samples, deviation, share, None, None)
    # The variance per case with which this many cases can just show the margin.
    allowed = pair.n * margin**2 / factor(alpha, policy)
    needed = samples_needed(allowed, variance - drawing, within)
    limit = _limit(needed, share, variance <= allowed)
    return Sampling(pair.samples, deviation, share, needed, limit)


def samples_needed(allowed: float, between: float, within: float) -> int | None:
    """Return the fewest K with between + within / K at most `allowed`; None if K is too large."""
    room = allowed - between
    if room <= 0:
        return None
    needed = max(1, math.ceil(round(within / room, 9)))
    return needed if needed <= MAX_SAMPLES else None


def _limit(needed: int | None, share: float, enough: bool) -> Limit:
    """Return the limiting factor: samples, cases, both, or neither.

    Where sampling makes up most of the variance, the rest is too uncertain to blame the cases.
    """
    if enough:
        return "nothing"
    if needed is not None:
        return "samples"
    return "both" if share > MOSTLY else "cases"
