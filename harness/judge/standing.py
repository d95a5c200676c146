"""Where one metric stands against one reference: by t, by exact counts, or not at all.

The kind is chosen from the data: binary scores never take t, and neither do few changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.judge.binary import (
    is_binary,
    lower_difference,
    lower_share,
    mcnemar,
    upper_share,
)
from harness.judge.flips import own_share
from harness.judge.not_worse import TOLERANCE, best_lower_if_worse, shown
from harness.judge.paired import Codes, Flags, Floats, Paired
from harness.judge.power import binary_cases_needed, cases_needed, certifiable_margin
from harness.judge.spread import Spread, spread, unit_sums
from harness.records import MetricRule, Policy

Kind = Literal["t", "binary", "counts", "identical", "none"]

CONTINUOUS = ("edit_similarity", "embedding_similarity", "ideal_likelihood", "edit_rate")
"""Never binary by nature, so that all zeros and no change means identical, not untested."""
LOWER_IS_BETTER = ("edit_rate",)
"""Reported as they are read by people; judged with the sign turned."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One metric against one reference, before anything is decided."""

    rule: MetricRule
    against: str
    kind: Kind
    n: int
    missing: tuple[str, ...] = ()
    """Cases without a score on one side."""
    reference: float | None = None
    candidate: float | None = None
    interval: tuple[float, float] | None = None
    """Two-sided 1 - alpha, of candidate minus reference."""
    lower: float | None = None
    """One-sided 1 - alpha, with better upwards: what not-worse is shown with."""
    p_drop: float | None = None
    rose: int = 0
    fell: int = 0
    not_worse: bool = False
    better: bool = False
    drop_may_reject: bool = False
    """Not-worse is not shown, and would not be for any worse candidate either."""
    consistent_drop: bool = False
    """Sign flips alone make the fall of a guard too unlikely to promote."""
    risk: float | None = None
    certifiable: float | None = None
    needed: int | None = None
    toward_margin: float | None = None
    """Mean difference with better upwards."""

    @property
    def difference(self) -> float | None:
        """Candidate minus reference, as people read the metric."""
        if self.candidate is None or self.reference is None:
            return None
        return self.candidate - self.reference


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """The scores that both sides have, and their differences with better upwards."""

    now: Floats
    before: Floats
    d: Floats
    groups: Codes | None
    present: Flags


def standing(
    paired: Paired, rule: MetricRule, against: str, policy: Policy, alpha: float, identical: bool
) -> Standing:
    """Judge one metric; `identical` says that nothing at all changed on any metric."""
    sides = _sides(paired, rule.name, against)
    n = len(sides.d)
    missing = tuple(paired.cases[i] for i in np.flatnonzero(~sides.present))
    if n == 0:
        return Standing(rule, against, "none", 0, missing)
    sums, _ = unit_sums(sides.d, sides.groups)
    kind = _kind(sides, len(sums), rule.name, policy, identical)
    common = {
        "rule": rule,
        "against": against,
        "n": n,
        "missing": missing,
        "reference": float(sides.before.mean()),
        "candidate": float(sides.now.mean()),
        "rose": int((sides.d > TOLERANCE).sum()),
        "fell": int((sides.d < -TOLERANCE).sum()),
        "toward_margin": float(sides.d.mean()),
    }
    judged = {
        "t": _by_t,
        "binary": _by_exact_counts,
        "counts": _by_few_changes,
        "identical": _identical,
        "none": _not_judged,
    }[kind](sides, rule, policy, alpha)
    return Standing(kind=kind, **common, **judged)
