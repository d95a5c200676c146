"""What people sent: likelihoods of reviewed finals under the candidate and the promoted adapter.

Finals lean towards the text that the promoted adapter wrote, so their mean may only promote.
Collapsed finals may reject: texts that the team sent, and that the candidate would no longer write.

Tested in tests/judge/rule2/test_finals.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.judge.intervals import Spread, upper_share
from harness.judge.metric_pair import TOLERANCE
from harness.judge.paired import Flags, Floats
from harness.judge.rule2.collapses import likelihood_scale
from harness.judge.rule2.drops import best_lower
from harness.judge.rule2.units import squared_scatter
from harness.libraries import special
from harness.records import Policy


@dataclass(frozen=True, slots=True, eq=False)
class Finals:
    """The likelihood of each final under both adapters."""

    ids: tuple[str, ...]
    candidate: Floats
    promoted: Floats
    at: tuple[str, ...]
    """When each was sent, so that texts sort by time; empty where it is not known."""
    slices: tuple[str, ...] = ()
    members: Flags = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    """slices x finals."""

    @property
    def n(self) -> int:
        """Number of finals."""
        return len(self.ids)

    def newest(self, most: int) -> Finals:
        """Return the newest finals, oldest first among them."""
        order = sorted(range(self.n), key=lambda i: (self.at[i], self.ids[i]))
        kept = np.array(order[max(0, self.n - most) :], dtype=np.int64)
        return Finals(
            tuple(self.ids[i] for i in kept),
            self.candidate[kept],
            self.promoted[kept],
            tuple(self.at[i] for i in kept),
            self.slices,
            self.members[:, kept] if len(self.members) else self.members,
        )


@dataclass(frozen=True, slots=True, eq=False)
class FinalsEvidence:
    """What the finals show."""

    finals: Finals
    policy: Policy
    alpha: float
    collapsed: Flags
    mean: float
    low: float
    """One-sided lower bound of the mean difference."""
    cover: float
    """Upper bound of the share of texts that would no longer be written."""
    reject_from: int
    """Number of collapsed finals that rejects."""
    lost: tuple[str, ...]
    """Slices in which finals collapsed beyond chance."""
    moved: bool
    """All collapsed finals are older, and the newer half has none: the voice may have moved."""

    @property
    def k(self) -> int:
        """Number of collapsed finals."""
        return int(self.collapsed.sum())

    @property
    def may_reject(self) -> bool:
        """Whether there are enough finals for collapsed ones to reject."""
        return self.finals.n >= self.policy.finals_reject

    @property
    def may_promote(self) -> bool:
        """Whether there are enough finals to promote, or to hold promotion back."""
        return self.finals.n >= self.policy.finals_promote

    @property
    def rejects(self) -> bool:
        """Whether collapsed finals reject, unless the voice moved."""
        return self.may_reject and (self.k >= self.reject_from or bool(self.lost))

    @property
    def best_low(self) -> float:
        """The highest lower bound of the mean that lower likelihoods could reach."""
        x = self.finals.candidate - self.finals.promoted
        return best_lower(x, np.zeros(len(x), dtype=np.int64), self.alpha)

    @property
    def covered(self) -> bool:
        """Whether so few finals collapsed that promotion is possible."""
        if self.may_promote:
            return self.cover <= self.policy.finals_cover + TOLERANCE
        # Fewer finals hold nothing; but as many collapsed ones as a slice takes hold promotion, so
        # that a further collapse outside of the slice never turns a rejection into a promotion.
        return not self.may_reject or self.k < SLICE_FROM


SLICE_FROM = 3
"""Collapsed finals of one slice from which it may reject."""


def finals_evidence(finals: Finals, policy: Policy, alpha: float) -> FinalsEvidence | None:
    """Return what finals show; None where there are none."""
    known = np.isfinite(finals.candidate) & np.isfinite(finals.promoted)
    if not known.any() or not policy.finals:
        return None
    finals = _part(finals, np.flatnonzero(known)).newest(policy.finals)
    x = finals.candidate - finals.promoted
    threshold = policy.collapse_drop * likelihood_scale(finals.promoted)
    collapsed = x <= -threshold + TOLERANCE
    m, k = finals.n, int(collapsed.sum())
    mean = float(np.mean(x))
    se = float(np.sqrt(squared_scatter(x) / (m - 1) / m)) if m > 1 else float("inf")
    return FinalsEvidence(
        finals=finals,
        policy=policy,
        alpha=alpha,
        collapsed=collapsed,
        mean=mean,
        low=Spread(mean, se, m, m).lower(alpha) if m > 1 else -1.0,
        cover=upper_share(k, m, alpha),
        reject_from=most_collapsed(m, policy),
        lost=_lost_slices(finals, collapsed, policy),
        moved=_moved(finals, collapsed, policy),
    )


def most_collapsed(m: int, policy: Policy) -> int:
    """Return the smallest k with P(Bin(m, rate) >= k) of at most alpha."""

    def unlikely(k: int) -> bool:
        return k > 0 and float(special.bdtrc(k - 1, m, policy.finals_rate)) <= policy.finals_alpha

    return bisect_left(range(m + 1), True, key=unlikely)


def _lost_slices(finals: Finals, collapsed: Flags, policy: Policy) -> tuple[str, ...]:
    """Return the slices that have more of the collapsed finals than their share explains."""
    k, m, found = int(collapsed.sum()), finals.n, []
    for name, row in zip(finals.slices, finals.members, strict=True):
        inside, size = int((row & collapsed).sum()), int(row.sum())
        if inside < SLICE_FROM or size >= m:
            continue
        by_luck = float(special.bdtrc(inside - 1, k, size / m))
        if by_luck <= policy.finals_slice / len(finals.slices):
            found.append(name)
    return tuple(found)


def _moved(finals: Finals, collapsed: Flags, policy: Policy) -> bool:
    """Tell whether only older finals collapsed, beside enough newer ones that did not."""
    half = finals.n // 2  # `newest` sorted them by time
    newer = finals.n - half
    if not all(finals.at) or newer < policy.finals_newer or not collapsed.any():
        return False
    # Texts sent at the same moment are not told apart: the boundary must lie between two times.
    apart = finals.at[half - 1] < finals.at[half] if half else False
    return apart and not collapsed[half:].any()


def _part(finals: Finals, at: Sequence[int] | np.ndarray) -> Finals:
    kept = np.asarray(at, dtype=np.int64)
    return Finals(
        tuple(finals.ids[i] for i in kept),
        finals.candidate[kept],
        finals.promoted[kept],
        tuple(finals.at[i] for i in kept),
        finals.slices,
        finals.members[:, kept] if len(finals.members) else finals.members,
    )
