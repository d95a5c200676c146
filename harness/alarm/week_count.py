"""Hold the count and the sum of a rate in a week.

Tested in tests/alarm/test_evidence.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WeekCount:
    """The count and sum of a rate in a week."""

    name: str
    """2026-W47, or the month of a run."""
    n: int
    total: float
    """Sum of n values in 0..1: edit rates, or 1 for each rejection."""
