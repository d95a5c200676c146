"""Numbers and metric names as people read them: a true minus, the same decimals everywhere.

A missing value is shown as a dash, never as zero.
"""

from __future__ import annotations

from math import isfinite

from harness.text import safe

MISSING = "–"
MAX_TITLE = 16
MAX_NAME = 40
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def score(value: float | None) -> str:
    """Write 0.412."""
    return MISSING if value is None or not isfinite(value) else f"{value:.3f}".replace("-", "−")


def signed(value: float | None, digits: int = 3) -> str:
    """Write −0.041 or +0.017; a value that rounds to zero has no sign."""
    if value is None or not isfinite(value):
        return MISSING
    shown = f"{value:+.{digits}f}"
    # "+0.000" would claim a direction that the figure does not show.
    return shown[1:] if float(shown) == 0 else shown.replace("-", "−")


def interval(difference: float | None, low: float | None, high: float | None) -> str:
    """Write −0.041 [−0.066, −0.016]."""
    if low is None or high is None:
        return signed(difference)
    return f"{signed(difference)} [{signed(low)}, {signed(high)}]"


def percent(share: float | None) -> str:
    """Write 11.3 %."""
    return MISSING if share is None or not isfinite(share) else f"{100 * share:.1f} %"


def rough_percent(share: float) -> str:
    """Write a share with a decimal below 20 % and none above; a small one is never no risk."""
    value = 100 * share
    if 0 < value < 0.1:
        return "less than 0.1 %"
    return f"{value:.1f} %" if value < 20 else f"{value:.0f} %"


def margin(value: float | None) -> str:
    """Write 0.03, with as many decimals as the user gave (three digits at most)."""
    return MISSING if value is None or not isfinite(value) else f"{value:.3g}"


def chance(p: float) -> str:
    """Write p 0.01; a small chance is never rounded down to none."""
    return "p < 0.001" if p < 0.001 else f"p {p:.2g}"


def count(number: int, word: str) -> str:
    """Write 1 case, or 2 cases."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def metric_title(name: str) -> str:
    """Return a short title for a metric, made by rule so that user metrics have a title too."""
    words = safe.ci_log(name.replace("_", " "), limit=MAX_NAME)
    return words if len(words) <= MAX_TITLE else words.replace("similarity", "sim.")


def day(stamp: str) -> str:
    """Turn an ISO date or time into 12 Sep 2026; return any other text unchanged."""
    found = month(stamp)
    return f"{int(stamp[8:10])} {found}" if found else stamp


def month(stamp: str) -> str:
    """Turn an ISO date or time into Sep 2026; empty for any other text."""
    year, number, date = stamp[:4], stamp[5:7], stamp[8:10]
    if stamp[4:5] + stamp[7:8] != "--" or not (year + number + date).isdecimal():
        return ""
    return f"{MONTHS[int(number) - 1]} {year}" if 1 <= int(number) <= 12 else ""
