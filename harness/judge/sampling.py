"""Samples or cases: which of the two keeps a benchmark from certifying its margin.

The variance of a mean difference over n cases of K samples is (between + within / K) / n. More
samples shrink the second part only, and cost no writing; more cases shrink both.
"""

from __future__ import annotations

import math

import numpy as np

from harness.judge.intervals import NOTHING, spread
from harness.judge.metric_pair import Sides
from harness.judge.power import factor
from harness.records import Limit, Policy, Sampling

MOST_SAMPLES = 64
"""More are never drawn."""
MOSTLY = 0.5


def sampling(sides: Sides, margin: float | None, policy: Policy, alpha: float) -> Sampling | None:
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
    return needed if needed <= MOST_SAMPLES else None


def _limit(needed: int | None, share: float, enough: bool) -> Limit:
    """Where most of it is drawing, what is left for the cases is known too badly to blame them."""
    if enough:
        return "nothing"
    if needed is not None:
        return "samples"
    return "both" if share > MOSTLY else "cases"


def _deviation(sides: Sides) -> float | None:
    noise = sides.own_noise
    if noise is None or not np.isfinite(noise).all():
        return None
    return math.sqrt(float(noise.mean()))
