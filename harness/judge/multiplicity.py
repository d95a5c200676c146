"""Several metrics, and several candidates, looked at on the same cases.

Promotion needs every gate, so it needs no correction; rejection by any metric takes Holm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.records import Policy


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values: the family-wise level at which each would just be rejected."""
    family = len(p_values)
    adjusted = [1.0] * family
    so_far = 0.0
    for rank, index in enumerate(sorted(range(family), key=lambda i: p_values[i])):
        so_far = max(so_far, min(1.0, (family - rank) * p_values[index]))
        adjusted[index] = so_far
    return tuple(adjusted)


def spent_alpha(policy: Policy, candidates_judged: int) -> float:
    """Alpha for this candidate: all of it, or its share of a series that sums to it."""
    if policy.reuse == "count":
        return policy.alpha
    return 6 * policy.alpha / (math.pi * max(candidates_judged, 1)) ** 2


def risk_by_luck(policy: Policy, candidates_judged: int) -> float:
    """The risk that at least one candidate at the margin was let through so far."""
    alphas = [spent_alpha(policy, j + 1) for j in range(max(min(candidates_judged, 10_000), 1))]
    return -math.expm1(sum(math.log1p(-alpha) for alpha in alphas))
