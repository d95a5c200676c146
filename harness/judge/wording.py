"""Numbers and names as a team lead reads them; the sentences are in reasons, advice and notes.

They use true minus signs, three decimals at most, and words instead of column names.

Tests: tests/judge/test_scenes.py.

Tested in tests/judge/test_scenes.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.text.figures import rough_percent as percent

__all__ = ["cases", "listed", "metric", "number", "percent", "signed"]


def metric(name: str) -> str:
    """Write `ideal_likelihood` as ideal likelihood."""
    return name.replace("_", " ")


def number(value: float) -> str:
    """Write up to three decimals; smaller values are "less than 0.001"."""
    if 0 < abs(value) < 0.0005:
        return "less than 0.001" if value > 0 else "less than 0.001 below 0"
    return f"{value:.3f}".rstrip("0").rstrip(".").replace("-", "−")


def signed(value: float) -> str:
    """Write a difference with its sign."""
    rounded = round(value, 3)
    return "0" if rounded == 0 else f"{rounded:+.3f}".rstrip("0").replace("-", "−")


def cases(count: int) -> str:
    """Write 1 case, or 2 cases."""
    return f"{count} case" if count == 1 else f"{count} cases"


def listed(names: Collection[str], most: int = 6) -> str:
    """Join names as a, b and c; the rest of a long list is counted."""
    named: Sequence[str] = list(names)
    if len(named) > most:
        return f"{', '.join(named[:most])} and {len(named) - most} more"
    if len(named) < 2:
        return "".join(named)
    return f"{', '.join(named[:-1])} and {named[-1]}"
