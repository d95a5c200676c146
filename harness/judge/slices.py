"""Whether one slice was lost behind a mean that held, judged over all slices at once.

The statistic is the worst slice mean; its distribution comes from sign flips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from harness.judge.intervals import unit_sums
from harness.judge.metric_pair import upwards
from harness.judge.paired import Codes, Flags, Floats, Paired
from harness.judge.sign_flips import MAX_DRAWN, TIE, drawn_flips, normal_flips, own_share, shares
from harness.records import Policy, SliceVerdict


@dataclass(frozen=True, slots=True)
class SliceLosses:
    """All slices on one metric, the worst first, and what follows from them."""

    verdicts: tuple[SliceVerdict, ...]
    lost: bool
    """The worst slice fell more than chance explains over all slices: rejects."""
    doubtful: tuple[str, ...]
    """Slices whose own fall is too unlikely to promote, though it does not reject by itself."""

    @property
    def worst(self) -> SliceVerdict | None:
        """The judged slice that fell most."""
        return next((each for each in self.verdicts if each.p is not None), None)


def slice_losses(paired: Paired, metric: str, policy: Policy) -> SliceLosses:
    """Judge every slice that has enough cases; name the others without a p."""
    now, before = paired.side(metric), paired.side(metric, paired.against)
    d = upwards(now, metric) - upwards(before, metric)
    present = np.isfinite(d)
    members = paired.members & present
    sizes = members.sum(axis=1)
    judged = sizes >= policy.slice_cases
    means = _means(members, sizes, np.where(present, d, 0.0))
    p_values = np.full(len(sizes), np.nan)
    lost, doubtful = False, np.zeros(len(sizes), dtype=np.bool_)
    if judged.any():
        kept = members[judged][:, present]
        groups = None if paired.groups is None else paired.groups[present]
        p_values[judged] = _p_values(kept, d[present], groups, policy)
        outstanding = _outstanding(kept, d[present], policy.slice_alpha)
        worst = int(np.argmin(np.where(judged, means, np.inf)))
        stands_out = np.zeros_like(judged)
        stands_out[judged] = outstanding
        lost = bool(p_values[worst] <= policy.slice_alpha and stands_out[worst])
        doubtful = stands_out & _unlikely(members, stands_out, d, paired.groups, policy)
    order = sorted(map(int, np.flatnonzero(sizes)), key=lambda s: (means[s], paired.slices[s]))
    return SliceLosses(
        tuple(_verdict(paired, metric, s, members[s], means[s], p_values[s]) for s in order),
        lost,
        tuple(paired.slices[s] for s in order if doubtful[s]),
    )


def _p_values(members: Flags, d: Floats, groups: Codes | None, policy: Policy) -> Floats:
    """For every slice: the chance that the worst of all slices falls at least so far."""
    sizes = members.sum(axis=1).astype(np.float64)
    means = _means(members, sizes, d)
    units = _units_of(members, d, groups)
    if members.sum(axis=0).max() <= 1 and units is None:
        return _disjoint(members, d, means, policy)
    if units is None:
        units = [np.where(row, d, 0.0) for row in members]
    return _joint(np.array(units) / sizes[:, None], means, policy)


def _disjoint(members: Flags, d: Floats, means: Floats, policy: Policy) -> Floats:
    """1 - product over slices (1 - share at most t): slices without common cases flip apart."""
    log_none = np.zeros(len(means))
    for row in members:
        share = shares(d[row], means * row.sum(), policy)
        log_none += np.log1p(-np.minimum(share, 1 - 1e-16))
    p: Floats = -np.expm1(log_none)
    return p


def _joint(parts: Floats, means: Floats, policy: Policy) -> Floats:
    """Flip all units at once and take the worst slice mean of each flip."""
    moved = np.ascontiguousarray(parts[:, parts.any(axis=0)].T)
    if len(moved) == 0:
        return np.ones(len(means))
    flip = drawn_flips if len(moved) <= MAX_DRAWN else normal_flips
    flipped = flip(moved, policy)
    worst = np.sort(flipped.min(axis=1))
    p: Floats = np.searchsorted(worst, means + TIE, side="right") / len(worst)
    return np.maximum(p, 1 / policy.slice_draws)


def _units_of(members: Flags, d: Floats, groups: Codes | None) -> list[Floats] | None:
    """Per slice the sums per group, where cases are grouped: a group flips as one."""
    if groups is None:
        return None
    return [unit_sums(np.where(row, d, 0.0), groups)[0] for row in members]


def _outstanding(members: Flags, d: Floats, alpha: float) -> Flags:
    """Slices whose fall stands out from how much cases elsewhere rise.

    Flips of the other slices are noise to the slice in question, so a fall elsewhere would hide
    it: a candidate that does worse elsewhere must not get through for it. This yardstick takes
    only the rises of the other cases, and therefore can only tighten when any score falls.
    """
    sizes = members.sum(axis=1).astype(np.float64)
    means = _means(members, sizes, d)
    squares = np.maximum(d, 0.0) ** 2
    outside = np.maximum(squares.sum() - members @ squares, 0.0)
    count = np.maximum(len(d) - sizes, 1.0)
    # Half of a symmetric spread is rises, hence the 2.
    noise = np.sqrt(2 * outside / count / sizes)
    limit = float(ndtri((1 - alpha) ** (1 / len(members))))
    stands: Flags = (means < -TIE) & (-means >= limit * noise)
    return stands


def _unlikely(
    members: Flags, among: Flags, d: Floats, groups: Codes | None, policy: Policy
) -> Flags:
    """Slices whose own flips give such a fall at most at the slice level."""
    unlikely = np.zeros(len(members), dtype=np.bool_)
    for s in np.flatnonzero(among):
        codes = None if groups is None else groups[members[s]]
        units = unit_sums(d[members[s]], codes)[0]
        unlikely[s] = own_share(units, policy) <= policy.slice_alpha
    return unlikely


def _means(members: Flags, sizes: Floats, d: Floats) -> Floats:
    """Exactly rounded, as in `spread`: they are shown, and recomputed elsewhere."""
    sums = np.array([math.fsum(d[row].tolist()) for row in members], dtype=np.float64)
    means: Floats = sums / np.maximum(sizes, 1)
    return means


def _verdict(
    paired: Paired, metric: str, index: int, member: Flags, mean: float, p: float
) -> SliceVerdict:
    return SliceVerdict(
        name=paired.slices[index],
        metric=metric,
        n=int(member.sum()),
        difference=float(mean),
        p=None if np.isnan(p) else float(p),
        cases=tuple(paired.cases[i] for i in np.flatnonzero(member)),
    )
