"""Independent differences of a metric: cases or groups of cases, and how they scatter in strata.

Tested in tests/judge/rule2/test_units.py.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import NOTHING, Spread
from harness.judge.metric_pair import MetricPair
from harness.judge.paired import Codes, Flags, Floats, Paired

MIN_DF = 10
"""With fewer degrees of freedom the strata are given up, and all units scatter together."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The differences of independent units; cases, or the means of groups of cases."""

    d: Floats
    """Better upwards."""
    strata: Codes
    """The stratum of each unit."""
    members: Flags
    """slices x units."""

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.d)

    @property
    def mean(self) -> float:
        """The mean difference, by an exactly rounded sum."""
        return math.fsum(self.d.tolist()) / self.n

    def within(self) -> Spread:
        """Return the mean with the standard error of the scatter within strata."""
        codes, df = self.dense_strata()
        every = range(int(codes.max()) + 1)
        squares = math.fsum(squared_scatter(self.d[codes == code]) for code in every)
        se = math.sqrt(squares / df / self.n) if df > 0 else 0.0
        # `Spread` counts units, of which one is spent on the mean; here each stratum spends one.
        return Spread(self.mean, se if se > NOTHING else 0.0, self.n, df + 1)

    def dense_strata(self) -> tuple[Codes, int]:
        """Return strata of two units or more, numbered from 0, and the degrees of freedom."""
        codes, inverse, counts = np.unique(self.strata, return_inverse=True, return_counts=True)
        # A unit that is alone in its stratum has nothing to scatter around: those go together.
        strata = np.where(counts[inverse] > 1, codes[inverse], 0)
        if self.n - len(np.unique(strata)) < MIN_DF:
            strata = np.zeros_like(strata)
        every, dense = np.unique(strata, return_inverse=True)
        return dense, self.n - len(every)

    def whole(self) -> Spread:
        """Return the mean with the standard error of the scatter over all units."""
        se = math.sqrt(squared_scatter(self.d) / (self.n - 1) / self.n) if self.n > 1 else 0.0
        return Spread(self.mean, se if se > NOTHING else 0.0, self.n, self.n)


def squared_scatter(d: Floats) -> float:
    """Return the sum of squared deviations from the mean, exactly rounded."""
    mean = math.fsum(d.tolist()) / len(d)
    return math.fsum(((d - mean) ** 2).tolist())


def units_of(paired: Paired, pair: MetricPair, strata: Codes) -> Units:
    """Return the units of a metric's pair; a group is in every slice that its cases are in."""
    missing = set(pair.missing)
    present = np.array([case not in missing for case in paired.cases], dtype=np.bool_)
    members, codes = paired.members[:, present], strata[present]
    if pair.groups is None:
        return Units(pair.d, codes, members)
    _, first, group = np.unique(pair.groups, return_index=True, return_inverse=True)
    count = len(first)
    sums = np.bincount(group, weights=pair.d, minlength=count)
    together = np.zeros((len(members), count), dtype=np.bool_)
    for index in range(len(members)):
        together[index] = np.bincount(group, weights=members[index], minlength=count) > 0
    d: Floats = sums / np.bincount(group, minlength=count)
    return Units(d, codes[first], together)


def strata_of(paired: Paired) -> Codes:
    """Return the stratum of every case, its value of the first slice key; 0 without that key."""
    codes = np.zeros(paired.n, dtype=np.int64)
    key = paired.first_key or _commonest_key(paired)
    for number, name in enumerate(paired.slices, start=1):
        if key is not None and name.partition("=")[0] == key:
            codes[paired.members[number - 1] & (codes == 0)] = number
    return codes


def _commonest_key(paired: Paired) -> str | None:
    """Return the slice key that most cases have, for scores whose keys come in no order."""
    counts: Counter[str] = Counter()
    for name, row in zip(paired.slices, paired.members, strict=True):
        counts[name.partition("=")[0]] += int(row.sum())
    return min(counts, key=lambda key: (-counts[key], key), default=None)
