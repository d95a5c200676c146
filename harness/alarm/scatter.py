"""Learn how much more weeks of reviews differ than chance has them: the correlation within a week.

The reviews of a week share their topics and reviewers. A week of n reviews with correlation s
varies 1 + (n - 1)s times as much as n independent reviews would; `README.md` has the figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.libraries import special

Floats = NDArray[np.float64]

SCATTERS = {0.0: 0.55, 0.02: 0.20, 0.04: 0.15, 0.08: 0.10}
"""Correlations that are thought possible, 0 first, with the probability of each beforehand."""
AROUND = np.arange(-2.5, 2.01, 0.25)
"""Mean rates that are thought possible, as log-odds around the acceptable rate."""
QUARTER = 13
"""Weeks with one mean: over longer times a rate that moved would look like scatter."""
_NONE = 1e-9
"""Correlations below this count as this: the beta-binomial would lose its digits."""


def log_likelihood(total: ArrayLike, n: ArrayLike, rate: ArrayLike, scatter: ArrayLike) -> Floats:
    """Return the log-likelihood of weekly sums under a rate: beta-binomial, binomial at scatter 0.

    The number of arrangements is left out, since it cancels wherever two are compared.
    """
    total, n, rate, scatter = map(np.asarray, (total, n, rate, scatter))
    if scatter.max() < _NONE:
        return np.asarray(total * np.log(rate) + (n - total) * np.log1p(-rate))
    about = 1 / np.maximum(scatter, _NONE) - 1
    ones, zeros = rate * about, (1 - rate) * about
    return np.asarray(special.betaln(total + ones, n - total + zeros) - special.betaln(ones, zeros))


def dispersion(n: ArrayLike, scatter: ArrayLike) -> Floats:
    """Return how many times as much a week of n reviews varies as chance would have it."""
    return np.asarray(1 + (np.maximum(n, 1) - 1) * np.asarray(scatter))


class Scatter:
    """The correlation within a week as the weeks so far tell it, for one or many series of weeks.

    The declared rate only says where to look for the mean, so that a team which does better than
    it is not taken to scatter.
    """

    def __init__(self, acceptable: float, series: int = 1) -> None:
        self._rates = special.expit(special.logit(acceptable) + AROUND)
        self._scatters = np.array(list(SCATTERS))
        about = 1 / self._scatters[1:, None] - 1
        self._ones, self._zeros = self._rates * about, (1 - self._rates) * about
        self._norm = special.betaln(self._ones, self._zeros)
        self._before = np.tile(np.log(list(SCATTERS.values())), (series, 1))
        self._fits = np.zeros((series, len(SCATTERS), len(AROUND)))
        self._weeks = 0

    def add(self, n: Floats, total: Floats) -> None:
        """Add a week of each series; a week without reviews changes nothing."""
        if self._weeks == QUARTER:
            self.begin_anew()
        self._weeks += 1
        total, rest = total[:, None], (n - total)[:, None]
        self._fits[:, 0] += total * np.log(self._rates) + rest * np.log1p(-self._rates)
        together = special.betaln(total[..., None] + self._ones, rest[..., None] + self._zeros)
        self._fits[:, 1:] += together - self._norm

    def begin_anew(self) -> None:
        """Go on with weeks that have a mean rate of their own, such as those of another adapter."""
        self._before = self._chances
        self._fits = np.zeros_like(self._fits)
        self._weeks = 0

    @property
    def value(self) -> Floats:
        """The expected correlation of each series; before any week it is that of `SCATTERS`."""
        chances = self._chances
        whole = special.logsumexp(chances, axis=1)[:, None]
        return np.asarray(np.exp(chances - whole) @ self._scatters)

    @property
    def _chances(self) -> Floats:
        return np.asarray(self._before + special.logsumexp(self._fits, axis=2))
