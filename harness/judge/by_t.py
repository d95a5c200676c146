"""A metric judged by Student's t on its paired differences.

At 25 cases it keeps its promise better than any bootstrap (STATISTICS, why not).
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.judge.intervals import quantile, spread
from harness.judge.metric_pair import Sides
from harness.judge.power import cases_needed, certifiable_margin
from harness.records import Policy


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way of judging says; None is what that way cannot say."""

    interval: tuple[float, float] | None = None
    """Two-sided 1 - alpha, better upwards."""
    lower: float | None = None
    """One-sided 1 - alpha: not-worse is shown with this."""
    p_drop: float | None = None
    risk: float | None = None
    """That the true drop is beyond the margin."""
    certifiable: float | None = None
    needed: int | None = None
    """Cases for the margin asked."""


def students_t(sides: Sides, margin: float | None, policy: Policy, alpha: float) -> Answer:
    """Interval, bound and evidence, clustered where cases are grouped."""
    s = spread(sides.d, sides.groups)
    half = quantile(1 - alpha / 2, s.df) * s.se
    return Answer(
        interval=(max(-1.0, s.mean - half), min(1.0, s.mean + half)),
        lower=s.lower(alpha),
        p_drop=s.p_drop,
        risk=None if margin is None else s.below(-margin),
        certifiable=certifiable_margin(s, alpha, policy),
        needed=None if margin is None else cases_needed(s, margin, alpha, policy),
    )
