"""What counts as a score: a finite number from 0 to 1, or none at all.

True, text that looks like a number and 1.0000001 are mistakes upstream, so they are refused.
"""

from __future__ import annotations

from typing import Any

from harness.errors import DataError

LONGEST = 40


def score_or_nan(value: Any, where: str, what: str) -> float:
    """The score as a float; NaN stands for a missing one from here on, and never for zero."""
    if value is None or value == "":
        return float("nan")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise DataError(
        f"{where}: {what} is {quoted(value)}; a score is a number from 0 to 1, and a missing one "
        "is left empty"
    )


def quoted(value: object) -> str:
    """A value as it may be shown: short, and on one line."""
    if isinstance(value, int) and abs(value) >= 10**LONGEST:
        return "a number with more than 40 digits"
    shown = repr(value)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 3] + "..."
