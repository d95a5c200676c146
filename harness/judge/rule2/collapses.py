"""Collapsed cases: the ideal became far less likely, or the text broke and the ideal with it.

Tested in tests/judge/rule2/test_collapses.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.judge.breakage import TEXT, WITNESS, crossed
from harness.judge.intervals import is_binary
from harness.judge.metric_pair import TOLERANCE, upwards
from harness.judge.paired import Codes, Flags, Floats, Paired
from harness.judge.rule2.levels import Levels
from harness.libraries import special
from harness.records import MetricRule, Policy

MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class Collapses:
    """The cases that collapsed, as flags by case."""

    metric: str
    """The metric that tells: the likelihood, else edit similarity, else the first gate."""
    collapsed: Flags
    fell: Flags
    """Cases that fell as far, though not further than the cases usually scatter. They hold
    promotion back: lowering other cases widens the scatter, and must not hide a collapse."""
    unknown: Flags
    """Cases where either side has no score."""
    can: Flags
    """Cases that can break: the reference was right."""
    mended: Flags | None = None
    """Cases whose text is right now and was wrong; None where the likelihood tells."""

    def count(self, flags: Flags, groups: Codes | None) -> int:
        """Return the number of flagged cases, or of groups with any flagged case."""
        if groups is None:
            return int(flags.sum())
        return len(np.unique(groups[flags]))

    def reject(self, groups: Codes | None, levels: Levels) -> bool:
        """Tell whether so many cases collapsed that the candidate is rejected.

        Texts alone break and mend between equal adapters, so that they are weighed against each
        other; a likelihood that collapsed is evidence by itself.
        """
        k = self.count(self.collapsed, groups)
        if k < levels.collapsed or self.mended is None:
            return k >= levels.collapsed
        mended = self.count(self.mended, groups)
        return float(special.bdtrc(k - 1, k + mended, 0.5)) <= levels.text_alpha


def collapses(
    paired: Paired, rules: tuple[MetricRule, ...], policy: Policy, levels: Levels
) -> Collapses:
    """Compare every case with the first reference."""
    if not paired.has(WITNESS, paired.against):
        return _by_text(paired, _text_metric(paired, rules), policy)
    broke = _by_text(paired, TEXT, policy)
    likely = paired.scores(WITNESS, paired.against)
    d = paired.scores(WITNESS) - likely
    scale = likelihood_scale(likely)
    known = np.isfinite(d)
    usual = policy.collapse_spread * scatter(d[known])
    with np.errstate(invalid="ignore"):
        far = d <= -policy.collapse_drop * scale + TOLERANCE
        further = d <= -max(policy.collapse_drop * scale, usual) + TOLERANCE
        text_fell = broke.collapsed & (d <= -levels.text_drop * scale + TOLERANCE)
        # Without texts, a case can break where its ideal is likely enough to become unlikely.
        high = likely >= policy.collapse_drop * scale - TOLERANCE
    can = broke.can if paired.has(TEXT, paired.against) else high
    return Collapses(WITNESS, further | text_fell, far | text_fell, ~known, can)


def _by_text(paired: Paired, metric: str, policy: Policy) -> Collapses:
    """Return the cases whose text broke; a yes-or-no metric tells nothing about it."""
    now, before = (
        upwards(scores, metric)
        for scores in (paired.scores(metric), paired.scores(metric, paired.against))
    )
    unknown = np.isnan(now) | np.isnan(before)
    if metric != TEXT and is_binary(now[~unknown], before[~unknown]):
        none = np.zeros(paired.n, dtype=np.bool_)
        return Collapses(metric, none, none, unknown, none, none)
    broke, mended = crossed(before, now, policy), crossed(now, before, policy)
    with np.errstate(invalid="ignore"):
        can = before >= policy.broken_from - TOLERANCE
    return Collapses(metric, broke, broke, unknown, can, mended)


def likelihood_scale(reference: Floats) -> float:
    """Return the factor by which thresholds shrink where the reference's likelihoods are small."""
    known = reference[np.isfinite(reference)]
    return min(1.0, 2.0 * float(known.mean())) if len(known) else 1.0


def scatter(d: Floats) -> float:
    """Return the robust standard deviation: 1.4826 times the median distance to the median."""
    if not len(d):
        return 0.0
    return MAD_TO_DEVIATION * float(np.median(np.abs(d - np.median(d))))


def _text_metric(paired: Paired, rules: tuple[MetricRule, ...]) -> str:
    if paired.has(TEXT, paired.against):
        return TEXT
    return next((rule.name for rule in rules if rule.role == "gate"), TEXT)
