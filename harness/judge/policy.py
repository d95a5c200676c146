"""Whether a policy's constants mean anything, field by field.

A wrong constant is refused here, so that nothing below has to doubt one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.errors import BenchmarkError
from harness.records import Policy


@dataclass(frozen=True, slots=True)
class Allowed:
    """The numbers that a field may hold."""

    low: float
    high: float
    whole: bool = False
    low_too: bool = False
    high_too: bool = False

    def holds(self, value: object) -> bool:
        """Whether a value is one of them; True is not the number 1."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        if not self.whole and not math.isfinite(value):
            return False
        above = value >= self.low if self.low_too else value > self.low
        below = value <= self.high if self.high_too else value < self.high
        return above and below

    def words(self) -> str:
        """As a person reads it."""
        if self.whole:
            return f"a whole number from {self.low:g} to {self.high:g}"
        ends = [
            f"{self.low:g}{' (itself allowed)' if self.low_too else ''}",
            f"{self.high:g}{' (itself allowed)' if self.high_too else ''}",
        ]
        return f"a number between {ends[0]} and {ends[1]}"


RISK = Allowed(0, 0.5)
SHARE = Allowed(0, 1, low_too=True, high_too=True)


def _count(low: int, high: int) -> Allowed:
    return Allowed(low, high, whole=True, low_too=True, high_too=True)


ALLOWED = {
    "alpha": RISK,
    "broken_from": SHARE,
    "broken_below": SHARE,
    "broken_drop": Allowed(0, 1, high_too=True),
    "broken_likelihood_drop": SHARE,
    "break_rate": Allowed(0, 1),
    "break_alpha": RISK,
    "break_cover": Allowed(0, 1),
    "slice_alpha": RISK,
    "slice_cases": _count(2, 1_000_000),
    "slice_exact": _count(1, 16),
    "slice_draws": _count(1_000, 1_000_000),
    "holm_alpha": RISK,
    "min_cases": _count(2, 1_000_000),
    "min_differences": _count(1, 1_000_000),
    "power": Allowed(0.5, 1, low_too=True),
    "seed": _count(0, 2**63 - 1),
}


def check_policy(policy: Policy) -> None:
    """Refuse constants out of their range, naming the field and what is allowed."""
    for name, allowed in ALLOWED.items():
        value = getattr(policy, name)
        if not allowed.holds(value):
            raise BenchmarkError(
                f"policy {name} is {value!r}; {allowed.words()} is allowed "
                f"(the default is {getattr(Policy(), name)!r})"
            )
    if policy.reuse not in ("count", "spend"):
        raise BenchmarkError(
            f'policy reuse is {policy.reuse!r}; "count" and "spend" are allowed '
            '(the default is "count")'
        )
