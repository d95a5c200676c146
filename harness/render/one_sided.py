"""The one-sided interval by which a gate or guard was decided, as a chart draws it.

A verdict records two-sided intervals, and a one-sided bound at the same level lies further in: an
adapter may be shown to be not worse while its two-sided interval crosses the margin. Here the
bound is worked out from what the verdict records, so that charts of old verdicts agree with what
they say too. Nothing is decided here.

Tested in tests/render/test_one_sided.py.
"""

from __future__ import annotations

from harness.libraries import special
from harness.records import LOWER_IS_BETTER, MetricVerdict

Ends = tuple[float | None, float | None]
"""The lower and the upper end of an interval, None where it is open."""


def one_sided(metric: MetricVerdict, alpha: float) -> Ends | None:
    """Return the interval that decided, as a difference; None where no one-sided rule did.

    It is open to the better side, for a proven drop to the worse one.
    """
    known = (metric.margin, metric.difference, metric.low, metric.high)
    if metric.state == "identical" or any(one is None for one in known):
        return None
    assert metric.difference is not None and metric.low is not None and metric.high is not None
    # A score's limits may have cut one of the two halves.
    half = max(metric.high - metric.difference, metric.difference - metric.low)
    bound = _bound(metric, metric.difference, half, alpha)
    # For an error metric better is less.
    open_to_the_right = (metric.state != "worse") != (metric.name in LOWER_IS_BETTER)
    return (bound, None) if open_to_the_right else (None, bound)


def _bound(metric: MetricVerdict, difference: float, half: float, alpha: float) -> float:
    """Return the end of the interval that is not open."""
    turn = -1.0 if metric.name in LOWER_IS_BETTER else 1.0
    mean, reach = turn * difference, half * _share(metric, turn * difference, half, alpha)
    margin = metric.margin or 0.0
    # What the verdict says holds, should a bound of exact counts differ from one by Student's t.
    lowest, highest = {
        "not worse": (-margin, mean),
        "better": (0.0, mean),
        "worse": (mean, 0.0),
        "open": (-1.0, min(mean, -margin)),
    }[metric.state]
    found = mean + reach if metric.state == "worse" else mean - reach
    return turn * min(highest, max(lowest, found))


def _share(metric: MetricVerdict, mean: float, half: float, alpha: float) -> float:
    """Return the share of a two-sided interval's half that a one-sided one of its level takes.

    The recorded risk tells the degrees of freedom, which are fewer where cases come in groups.
    """
    frees = range(1, max(2, metric.n))
    free = frees[-1]
    if metric.risk is not None and half > 0:
        gap, risk = (-(metric.margin or 0.0) - mean) / half, metric.risk
        at = {df: special.stdtr(df, gap * special.stdtrit(df, 1 - alpha / 2)) for df in frees}
        free = min(frees, key=lambda df: abs(at[df] - risk))
    return float(special.stdtrit(free, 1 - alpha) / special.stdtrit(free, 1 - alpha / 2))
