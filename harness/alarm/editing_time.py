"""Time of editing per hundred outputs, its change at a promotion, and what a prompt would save.

Weeks differ by more than chance, as the alarm knows: another campaign, another editor. So a week is
one observation, and intervals rest on how weeks differ. What is compared before and after a
promotion are different outputs, hence two independent groups of weeks. Against the base the same
cases are compared, hence a ratio of paired means, where a case is one observation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.judge.intervals import quantile, spread_of_units
from harness.judge.paired import Floats
from harness.records import Estimate, MonthlyWorth, TimeBasis, WeekTimes, WorthSettings

PER = 100
"""Outputs that minutes are told for."""
LEVEL = 0.975
"""Upper quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over units, with what its interval rests on; one unit has no spread."""

    value: float
    se: float | None
    df: float
    n: int

    def estimate(self) -> Estimate:
        """Return the mean with its interval."""
        return _estimate(self.value, self.se, self.df, self.n)


def basis_of(sides: Sequence[Sequence[WeekTimes]], declared: WorthSettings) -> TimeBasis | None:
    """Return where minutes come from, the same for all sides; None where they would be made up."""
    if all(any(week.timed for week in side) for side in sides):
        return "measured"
    edits = any(week.edited for side in sides for week in side)
    rewrites = any(week.rejected for side in sides for week in side)
    known = not (edits and declared.minutes_per_edit is None) and not (
        rewrites and declared.minutes_per_rewrite is None
    )
    # Nothing declared at all says nothing, even where every output was accepted.
    some = declared.minutes_per_edit is not None or declared.minutes_per_rewrite is not None
    reviewed = all(any(week.n for week in side) for side in sides)
    return "declared" if known and some and reviewed else None


def minutes(
    weeks: Sequence[WeekTimes], basis: TimeBasis | None, declared: WorthSettings
) -> Mean | None:
    """Return the minutes per hundred outputs; None without a basis."""
    if basis == "measured":
        unit = PER / 60
        return _mean(
            weeks,
            lambda week: (unit * week.seconds, week.timed, unit**2 * week.seconds_squared),
        )
    if basis == "declared":
        edit = PER * (declared.minutes_per_edit or 0.0)
        rewrite = PER * (declared.minutes_per_rewrite or 0.0)
        return _mean(
            weeks,
            lambda week: (
                edit * week.edited + rewrite * week.rejected,
                week.n,
                edit**2 * week.edited + rewrite**2 * week.rejected,
            ),
        )
    return None


def edit_rate(weeks: Sequence[WeekTimes]) -> Mean | None:
    """Return the mean edit rate over the reviews with a final."""
    return _mean(weeks, lambda week: (week.edit_sum, week.edit_n, week.edit_squared))


def saving(before: Mean | None, after: Mean | None) -> Estimate | None:
    """Return how much less the second side takes, by Welch's t on two groups of weeks."""
    if before is None or after is None:
        return None
    value, n = before.value - after.value, before.n + after.n
    if before.se is None or after.se is None:
        return Estimate(value, None, None, n)
    one, other = before.se**2, after.se**2
    if one + other == 0:
        return Estimate(value, value, value, n)
    df = (one + other) ** 2 / (one**2 / before.df + other**2 / after.df)
    return _estimate(value, math.sqrt(one + other), df, n)


def ratio(theirs: Sequence[float], ours: Sequence[float], groups: Sequence[str]) -> Mean | None:
    """Return the mean edit rate of the one side over the other's, on the same cases.

    None where ours needs no edit at all: no ratio says how much worse the other side is.
    """
    if not ours or sum(ours) <= 0:
        return None
    codes = np.unique(np.array(groups), return_inverse=True)[1]
    sums = np.bincount(codes, weights=np.array(theirs)).astype(np.float64)
    sizes = np.bincount(codes, weights=np.array(ours)).astype(np.float64)
    return _of(sums, sizes, len(ours))


def predicted_saving(now: Mean | None, ratio: Mean | None) -> Estimate | None:
    """Return what the adapter saves, if editing takes as much longer as the benchmark's edits.

    The time comes from production and the ratio from the benchmark, which know nothing of each
    other: their variances add up, by the rule of a product.
    """
    if now is None or ratio is None:
        return None
    value = now.value * (ratio.value - 1)
    if now.se is None or ratio.se is None:
        return Estimate(value, None, None, ratio.n)
    se = math.hypot((ratio.value - 1) * now.se, now.value * ratio.se)
    return _estimate(value, se, min(now.df, ratio.df), ratio.n)


def monthly(saved: Estimate | None, declared: WorthSettings) -> MonthlyWorth | None:
    """Return a saving per hundred outputs as hours and money a month, as far as is declared."""
    if saved is None:
        return None
    hours = money = None
    if declared.outputs_per_month is not None:
        hours = _times(saved, declared.outputs_per_month / PER / 60)
        if declared.cost_per_hour is not None:
            money = _times(hours, declared.cost_per_hour)
    return MonthlyWorth(
        hours,
        money,
        _pays_from(saved.value, declared),
        _pays_from(saved.low, declared),
        None if saved.low is None else saved.low > 0,
    )


def _pays_from(saved: float | None, declared: WorthSettings) -> int | None:
    """Return the outputs a month whose saving equals the hours of training; None where none."""
    if declared.training_hours is None or saved is None or saved <= 0:
        return None
    # Rounded first, so that 400.00000000001 outputs are 400.
    return math.ceil(round(declared.training_hours * 60 * PER / saved, 6))


def _times(of: Estimate, factor: float) -> Estimate:
    def scaled(end: float | None) -> float | None:
        return None if end is None else end * factor

    return Estimate(of.value * factor, scaled(of.low), scaled(of.high), of.n)


def _mean(
    weeks: Sequence[WeekTimes], of: Callable[[WeekTimes], tuple[float, int, float]]
) -> Mean | None:
    """Return the mean over all reviews, from each week's sum, number and sum of squares.

    Two weeks that happen to be alike would leave no doubt at all: the standard error is never below
    that of reviews which know nothing of each other.
    """
    parts = [part for part in map(of, weeks) if part[1]]
    if not parts:
        return None
    sums, sizes, squares = np.array(parts, dtype=np.float64).T
    n = int(sizes.sum())
    found = _of(sums, sizes, n)
    if found.se is None:
        return found
    rest = max(0.0, float(squares.sum()) - n * found.value**2)
    return replace(found, se=max(found.se, math.sqrt(rest / (n - 1) / n)))


def _of(sums: Floats, sizes: Floats, n: int) -> Mean:
    """Return the sum of `sums` over the sum of `sizes`, with its clustered standard error."""
    if len(sums) < 2:
        return Mean(float(sums.sum() / sizes.sum()), None, 0, n)
    found = spread_of_units(sums, sizes)
    return Mean(found.mean, found.se, found.df, n)


def _estimate(value: float, se: float | None, df: float, n: int) -> Estimate:
    if se is None:
        return Estimate(value, None, None, n)
    # `quantile` takes any degrees of freedom above 0, Welch's are seldom whole.
    reach = quantile(LEVEL, df) * se  # type: ignore[arg-type]
    return Estimate(value, value - reach, value + reach, n)
