"""The test for slices that lost more than the margin.

Tested in tests/judge/rule2/test_slice_tests.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.judge.intervals import NOTHING
from harness.judge.paired import Paired
from harness.judge.rule2.levels import Levels
from harness.judge.rule2.score_test import ScoreTest
from harness.judge.rule2.units import squared_scatter
from harness.judge.sign_flips import own_share
from harness.libraries import special
from harness.records import Policy, SliceVerdict

FLIPS = 0.05
"""A lost slice is also unlikely by flips of its own differences beyond the margin. Their share can
only fall when a score falls, so a lower candidate than a rejected one is held back by it."""


@dataclass(frozen=True, slots=True)
class SliceTests:
    """All slices on the first gate, the worst first, with the conclusions."""

    verdicts: tuple[SliceVerdict, ...] = ()
    lost: tuple[str, ...] = ()
    """Slices that are proven to have lost more than the margin; they reject."""
    doubtful: tuple[str, ...] = ()
    """Slices that hold promotion back."""
    could_lose: tuple[str, ...] = ()
    """Slices that a candidate with higher scores could be rejected for."""

    @property
    def worst(self) -> SliceVerdict | None:
        """The judged slice that fell most."""
        return next((each for each in self.verdicts if each.p is not None), None)


def slice_tests(paired: Paired, gate: ScoreTest, policy: Policy, levels: Levels) -> SliceTests:
    """Test every slice that has enough units; the others are named without a p."""
    units, margin = gate.units, gate.rule.margin or 0.0
    if not units.n:  # the gate has no score at all
        return SliceTests()
    within = units.within()
    sizes = units.members.sum(axis=1)
    judged = sizes >= policy.slice_cases
    if gate.way not in ("t", "counts") or not levels.slice_hold:
        judged = np.zeros_like(judged)
    count = max(1, int(judged.sum()))
    square = within.se**2 * units.n
    verdicts, lost, doubtful, could = [], [], [], []
    for index in map(int, np.flatnonzero(sizes)):
        d, name = units.d[units.members[index]], paired.slices[index]
        mean = math.fsum(d.tolist()) / len(d)
        p = None
        if judged[index]:
            p = _p(d, mean, margin, square, within.df, policy)
            unlikely = own_share(d + margin, policy) <= FLIPS if mean < -margin else False
            if unlikely:
                could.append(name)
            if p <= levels.slice_reject / count and unlikely:
                lost.append(name)
            elif p <= levels.slice_hold / count:
                doubtful.append(name)
        verdicts.append(_slice_verdict(paired, gate, index, mean, p, count))
    verdicts.sort(key=lambda each: (each.difference, each.name))
    return SliceTests(tuple(verdicts), tuple(lost), tuple(doubtful), tuple(could))


def _p(d: np.ndarray, mean: float, margin: float, within: float, df: int, policy: Policy) -> float:
    """Return the chance of such a slice if it had lost no more than the margin.

    Its own variance is pulled towards the variance within all slices, of which it is a part: five
    cases alone say little about their own scatter.
    """
    n, prior = len(d), policy.slice_prior
    own = squared_scatter(d)
    square = (prior * within + own) / (n + prior - 1)
    se = math.sqrt(square / n)
    if se <= NOTHING:
        return 0.0 if mean < -margin - NOTHING else 1.0
    return float(special.stdtr(df, (mean + margin) / se))


def _slice_verdict(
    paired: Paired, gate: ScoreTest, index: int, mean: float, p: float | None, count: int
) -> SliceVerdict:
    missing = set(gate.pair.missing)
    cases = (paired.cases[i] for i in np.flatnonzero(paired.members[index]))
    kept = tuple(case for case in cases if case not in missing)
    return SliceVerdict(
        name=paired.slices[index],
        metric=gate.rule.name,
        n=len(kept),
        difference=mean,
        p=None if p is None else min(1.0, count * p),
        cases=kept,
    )
