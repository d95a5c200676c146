"""Name a learning curve: saturated, more examples would help, or too noisy to say.

Scores come from three nested sizes of a training set, each twice the one before, from several seeds
at each size, on the same cases.

Learning curves are power laws, a - b * n^-c, or straight over the logarithm of n (Viering and Loog,
"The shape of learning curves", 2022). Either way each doubling brings a fixed share of what the one
before it brought: all of it on the straight line, half where c is 1, next to none near the end.
Three sizes cannot tell that share well, so all shares that fit are kept: the interval reaches over
what each of them foretells, and the figure is their mean, weighed by how well each fits.

The noise has two sources, which add up. Seeds: their variance is pooled over the three sizes, since
a few seeds tell little about one size. Sets that are nested make scores of a seed alike, and
smaller sets usually vary more than the whole one, so the pooled variance is rather too large for a
step that ends at the whole set. Cases: other cases would have gained more or less; cases of a group
count as one observation. Intervals are Student's t, degrees of freedom are Satterthwaite's.

Where no share fits (what was learnt came late, or was lost at the end), the next doubling is taken
to bring something between the last one and the mean of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log2, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.libraries import special
from harness.records import (
    LOWER_IS_BETTER,
    CurveName,
    CurveSize,
    EnoughExamples,
    Estimate,
    Foretold,
    LearningCurve,
    RetrainLine,
)
from harness.records.holds import EXACT

Floats: TypeAlias = NDArray[np.float64]

NOISY: CurveName = "too noisy to say"
CURVE_METRICS = ("edit_rate", "ideal_likelihood")
"""What a curve is told in; the first one answers, the second where the first is too noisy."""
FEWEST_SEEDS = 2
SHARES = (0.25, 0.5, 1.0)
"""The sizes of the nested sets, as shares of the whole one."""
WORTHWHILE = 0.02
"""The gain from twice as many examples below which they are not worth their writing."""
ALPHA = 0.05
"""Risk of the two-sided intervals, and of taking a share of gains for one that does not fit."""
_GAINS = np.linspace(0.02, 1.0, 50)
"""The shares of the gain before that a doubling may bring."""
_FLOOR = 1e-9
"""Least variance: scores that are equal to the last digit still have a rounding error."""


@dataclass(frozen=True, slots=True)
class SizeScores:
    """The scores of the adapters that were trained on parts of one size."""

    share: float
    examples: int
    scores: Floats = field(metadata=EXACT)
    """A row for each seed, a column for each case."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Covariances of the three mean scores, by their source."""

    seeds: Floats = field(metadata=EXACT)
    seeds_df: float
    cases: Floats = field(metadata=EXACT)
    cases_df: float
    """0 where there is a single case, or a single group."""

    def of(self, contrasts: Floats) -> tuple[Floats, Floats]:
        """Return standard errors of weighted sums of the means, and their degrees of freedom."""
        seeds = np.maximum(_squares(contrasts, self.seeds), _FLOOR)
        cases = _squares(contrasts, self.cases) if self.cases_df else np.zeros_like(seeds)
        share = seeds**2 / self.seeds_df + cases**2 / max(self.cases_df, 1)
        return np.sqrt(seeds + cases), (seeds + cases) ** 2 / share


def foretell(curve: LearningCurve) -> tuple[Foretold, ...]:
    """Name a measured curve by each metric; nothing before two seeds have trained on every size."""
    done = {(point.share, point.seed): point for point in curve.points}
    seeds = sorted({seed for _, seed in done if all((share, seed) in done for share in SHARES)})
    if len(seeds) < FEWEST_SEEDS:
        return ()
    rows = [[done[share, seed] for seed in seeds] for share in SHARES]
    found = []
    for metric in CURVE_METRICS:
        scored = [point.scores.get(metric, {}) for row in rows for point in row]
        cases = [case for case in curve.groups if all(case in scores for scores in scored)]
        if not cases:  # an engine without likelihoods
            continue
        sizes = [
            SizeScores(
                share,
                row[0].examples,
                np.array([[point.scores[metric][case] for case in cases] for point in row]),
            )
            for share, row in zip(SHARES, rows, strict=True)
        ]
        groups = [curve.groups[case] for case in cases]
        lower = metric in LOWER_IS_BETTER
        found.append(name_curve(metric, sizes, groups, lower_is_better=lower))
    return tuple(found)


def name_curve(
    metric: str,
    sizes: Sequence[SizeScores],
    groups: Sequence[str] = (),
    *,
    lower_is_better: bool,
    more: int | None = None,
) -> Foretold:
    """Name the curve of a metric, and tell what `more` examples would change.

    Cases with the same entry in `groups` belong together; without it each is a group.
    """
    more = further_examples(sizes[-1].examples) if more is None else more
    means = np.array([one.scores.mean() for one in sizes])
    found = noise(sizes, groups)
    doubled, fits = _change(means, found, 1.0)
    change, _ = _change(means, found, log2(1 + more / sizes[-1].examples))
    seeds = sizes[0].scores.shape[0]
    reach = float(special.stdtrit(found.seeds_df, 1 - ALPHA / 2)) * sqrt(found.seeds[0, 0])
    errors, df = found.of(np.eye(len(sizes)))
    further = (special.stdtrit(df, 1 - ALPHA / 2) * errors).tolist()
    shown = (
        CurveSize(*(one.share, one.examples, _score(mean, reach, seeds), _score(mean, wide, seeds)))
        for one, mean, wide in zip(sizes, means.tolist(), further, strict=True)
    )
    name = _name(doubled, -1 if lower_is_better else 1)
    if all(mean >= 1 if lower_is_better else mean <= 0 for mean in means.tolist()):
        name = NOISY  # a score that is as bad as can be everywhere tells sizes not apart
    return Foretold(metric, name, tuple(shown), more, change, doubled, fits)


def _score(mean: float, reach: float, seeds: int) -> Estimate:
    """Return a mean with its interval, as far as a score can go."""
    return Estimate(mean, max(0.0, mean - reach), min(1.0, mean + reach), seeds)


def enough(foretold: Sequence[Foretold], line: RetrainLine | None) -> EnoughExamples | None:
    """Find the smallest part of a set that keeps the edit rate within a declared line."""
    rates = next((one for one in foretold if one.metric == "edit_rate"), None)
    if rates is None or line is None:
        return None
    least = None
    for size in reversed(rates.sizes):
        assert size.elsewhere.high is not None
        if size.elsewhere.high > line.acceptable:
            break
        least = size
    shown = least or rates.sizes[-1]
    return EnoughExamples(line.acceptable, least.examples if least else None, shown.elsewhere)


def _name(doubled: Estimate, better: int) -> CurveName:
    assert doubled.low is not None and doubled.high is not None
    worst, best = sorted((better * doubled.low, better * doubled.high))
    # An interval that is wide on the other side says nothing either, unless all of it is a loss.
    if best < 0 or (best < WORTHWHILE and worst > -2 * WORTHWHILE):
        return "saturated"
    return "more would help" if worst > 0 and better * doubled.value >= WORTHWHILE else NOISY


def further_examples(n: int) -> int:
    """Return the round number (1, 2 or 5, with zeros) next below half of a set: 100 for 240."""
    half = max(1, n // 2)
    ten: int = 10 ** (len(str(half)) - 1)
    return next(step * ten for step in (5, 2, 1) if step * ten <= half)


def noise(sizes: Sequence[SizeScores], groups: Sequence[str] = ()) -> Noise:
    """Return how much seeds, and cases, make the three mean scores differ."""
    seeds = sizes[0].scores.shape[0]
    by_seed = np.array([one.scores.mean(axis=1) for one in sizes])
    df = by_seed.shape[0] * (seeds - 1)
    pooled = float(((by_seed - by_seed.mean(axis=1, keepdims=True)) ** 2).sum()) / df
    by_case = np.array([one.scores.mean(axis=0) for one in sizes])
    cases = by_case.shape[1]
    codes = np.unique(np.array(groups), return_inverse=True)[1] if groups else np.arange(cases)
    units = int(codes.max()) + 1
    apart = by_case - by_case.mean(axis=1, keepdims=True)
    sums = np.array([np.bincount(codes, weights=row, minlength=units) for row in apart])
    between = sums @ sums.T * units / max(1, units - 1) / cases**2
    return Noise(pooled / seeds * np.eye(len(sizes)), df, between, units - 1)


def _change(means: Floats, found: Noise, doublings: float) -> tuple[Estimate, bool]:
    """Return the change after further doublings, and whether a learning curve fits."""
    x = np.stack([_grown(at) for at in (-2.0, -1.0, 0.0)], axis=1)
    apart = x - x.mean(axis=1, keepdims=True)
    slopes = apart / (apart**2).sum(axis=1, keepdims=True)
    ahead = slopes * _grown(doublings)[:, None]
    # What lies across a curve: a sum with weights of length one that the curve itself makes 0.
    across = np.cross(np.ones(3), x)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    off, off_df = found.of(across)
    z = across @ means / off
    fitting = 2 * special.stdtr(off_df, -np.abs(z)) >= ALPHA
    fits = bool(fitting.any())
    if fits:
        density = special.gammaln((off_df + 1) / 2) - special.gammaln(off_df / 2)
        density = density - np.log(off_df) / 2 - np.log(off)
        density -= (off_df + 1) / 2 * np.log1p(z * z / off_df)
        ahead, density = ahead[fitting], density[fitting]
    else:
        ahead = doublings * np.array([[0.0, -1.0, 1.0], [-0.5, 0.0, 0.5]])
        density = np.zeros(2)
    se, df = found.of(ahead)
    centres, reach = ahead @ means, special.stdtrit(df, 1 - ALPHA / 2) * se
    value = float(np.average(centres, weights=np.exp(density - density.max())))
    return Estimate(value, float((centres - reach).min()), float((centres + reach).max()), 3), fits


def _grown(doublings: float) -> Floats:
    """Return how far each curve has come after doublings from the whole set, 0 there.

    A doubling brings the share `_GAINS` of the one before; the curve is straight over this.
    """
    logs = np.log(_GAINS)
    # The limit where each doubling brings the same: expm1(0) / 0.
    straight = np.abs(logs) < 1e-9
    safe = np.where(straight, 1.0, logs)
    return np.where(straight, doublings, np.expm1(doublings * logs) / safe)


def _squares(contrasts: Floats, covariance: Floats) -> Floats:
    """Return the variance of each weighted sum."""
    return np.asarray(((contrasts @ covariance) * contrasts).sum(axis=-1), dtype=np.float64)
