"""The test for a slice that was lost although the mean over all cases held.

The statistic is the worst of all slice means, whose distribution comes from sign flips; testing all
slices at once keeps many slices from making many alarms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import unit_sums
from harness.judge.metric_pair import upwards
from harness.judge.paired import Codes, Flags, Floats, Paired
from harness.judge.sign_flips import MAX_DRAWN, TIE, drawn_flips, normal_flips, own_share, shares
from harness.libraries import special
from harness.records import Policy, SliceVerdict


@dataclass(frozen=True, slots=True)
class SliceLosses:
    """All slices on a metric, the worst first, with the conclusions."""

    verdicts: tuple[SliceVerdict, ...]
    lost: bool
    """The worst slice fell more than chance explains over all slices; this rejects."""
    doubtful: tuple[str, ...]
    """Slices whose fall is too unlikely by chance to promote, although it does not reject."""

    @property
    def worst(self) -> SliceVerdict | None:
        """The judged slice that fell most."""
        return next((each for each in self.verdicts if each.p is not None), None)


def slice_losses(paired: Paired, metric: str, policy: Policy) -> SliceLosses:
    """Test every slice that has enough cases; the others are named without a p."""
    now, before = paired.scores(metric), paired.scores(metric, paired.against)
    d = upwards(now, metric) - upwards(before, metric)
    present = np.isfinite(d)
    members = paired.members & present
    sizes = members.sum(axis=1)
    # Slices that are too small are shown, but a judgement of them would rest on a case or two.
    judged = sizes >= policy.slice_cases
    means = _means(members, sizes, np.where(present, d, 0.0))
    p_values = np.full(len(sizes), np.nan)
    lost, doubtful = False, np.zeros(len(sizes), dtype=np.bool_)
    if judged.any():
        kept = members[judged][:, present]
        groups = None if paired.groups is None else paired.groups[present]
        p_values[judged] = _p_values(kept, d[present], groups, policy)
        # Both tests must agree: flips of all slices, and the comparison with rises elsewhere.
        worst = int(np.argmin(np.where(judged, means, np.inf)))
        stands_out = np.zeros_like(judged)
        stands_out[judged] = _outstanding(kept, d[present], policy.slice_alpha)
        lost = bool(p_values[worst] <= policy.slice_alpha and stands_out[worst])
        doubtful = stands_out & _unlikely(members, stands_out, d, paired.groups, policy)
    order = sorted(map(int, np.flatnonzero(sizes)), key=lambda s: (means[s], paired.slices[s]))
    return SliceLosses(
        tuple(_verdict(paired, metric, s, members[s], means[s], p_values[s]) for s in order),
        lost,
        tuple(paired.slices[s] for s in order if doubtful[s]),
    )


def _p_values(members: Flags, d: Floats, groups: Codes | None, policy: Policy) -> Floats:
    """Return, for every slice, the chance that the worst of all slices falls at least so far."""
    sizes = members.sum(axis=1).astype(np.float64)
    means = _means(members, sizes, d)
    if members.sum(axis=0).max() <= 1 and groups is None:
        return _disjoint(members, d, means, policy)
    # Sums per unit within each slice; a group of cases flips as one unit.
    units = [unit_sums(np.where(row, d, 0.0), groups)[0] for row in members]
    return _joint(np.array(units) / sizes[:, None], means, policy)


def _disjoint(members: Flags, d: Floats, means: Floats, policy: Policy) -> Floats:
    """Return p for slices without common cases: 1 - product over slices of (1 - share)."""
    # Such slices flip independently. Logarithms keep small p-values from being rounded away.
    log_none = np.zeros(len(means))
    for row in members:
        share = shares(d[row], means * row.sum(), policy)
        log_none += np.log1p(-np.minimum(share, 1 - 1e-16))
    p: Floats = -np.expm1(log_none)
    return p


def _joint(parts: Floats, means: Floats, policy: Policy) -> Floats:
    """Return p for overlapping slices: flip all units at once, take the worst mean of each flip."""
    moved = np.ascontiguousarray(parts[:, parts.any(axis=0)].T)
    if len(moved) == 0:
        return np.ones(len(means))
    # Units that did not move flip into themselves, so they were left out above.
    flip = drawn_flips if len(moved) <= MAX_DRAWN else normal_flips
    flipped = flip(moved, policy)
    worst = np.sort(flipped.min(axis=1))
    p: Floats = np.searchsorted(worst, means + TIE, side="right") / len(worst)
    # Normal draws do not contain the observed one, so p could be 0 without a floor.
    return np.maximum(p, 1 / policy.slice_draws)


def _outstanding(members: Flags, d: Floats, alpha: float) -> Flags:
    """Flag slices whose fall stands out from the rises of the other cases.

    Flips of the other cases are noise to a slice, so a fall elsewhere would hide its own fall, and
    a candidate must not get through by doing worse elsewhere. This test uses only the rises of the
    other cases, so that it can only become stricter when any score falls.
    """
    sizes = members.sum(axis=1).astype(np.float64)
    means = _means(members, sizes, d)
    squares = np.maximum(d, 0.0) ** 2
    outside = np.maximum(squares.sum() - members @ squares, 0.0)
    count = np.maximum(len(d) - sizes, 1.0)
    # Rises are half of a symmetric spread, hence the 2.
    noise = np.sqrt(2 * outside / count / sizes)
    # Šidák's correction for the number of slices.
    limit = float(special.ndtri((1 - alpha) ** (1 / len(members))))
    stands: Flags = (means < -TIE) & (-means >= limit * noise)
    return stands


def _unlikely(
    members: Flags, among: Flags, d: Floats, groups: Codes | None, policy: Policy
) -> Flags:
    """Flag slices whose own flips give such a fall with at most the slice level's probability."""
    unlikely = np.zeros(len(members), dtype=np.bool_)
    for s in np.flatnonzero(among):
        codes = None if groups is None else groups[members[s]]
        units = unit_sums(d[members[s]], codes)[0]
        unlikely[s] = own_share(units, policy) <= policy.slice_alpha
    return unlikely


def _means(members: Flags, sizes: Floats, d: Floats) -> Floats:
    """Return slice means by exactly rounded sums, so that every machine gets the same."""
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
