"""Wilson's interval of a share, or of a mean of values in 0..1, which vary less than a share does.

Wald's interval covers only 64 to 93 % where n is small or the share near 0 (STATISTICS 4).
"""

from __future__ import annotations

from math import sqrt

from scipy.special import ndtri


def wilson(mean: float, n: float, alpha: float = 0.05) -> tuple[float, float]:
    """Two-sided 1 - alpha interval of a mean over n values; of nothing it is everything."""
    if n <= 0:
        return 0.0, 1.0
    z = float(ndtri(1 - alpha / 2))
    middle = (mean + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
    return max(0.0, min(middle - reach, mean)), min(1.0, max(middle + reach, mean))
