"""Colour the cells of a grid of scores: the deeper the green, the better, from 0 to 1 everywhere.

A shade means the same score on every page, for every metric and filter. Its lightness alone tells
scores apart, so that it is read without any colour too; the figure stands in the cell.

Tested in tests/dashboard/test_heat.py.
"""

from __future__ import annotations

from harness.records import LOWER_IS_BETTER
from harness.text.html import Html, element

STOPS = ((247, 251, 249), (102, 194, 164), (0, 81, 59))
"""Red, green and blue of the worst, the middle and the best score."""
DARK, LIGHT = "#000000", "#FFFFFF"
"""Letters on pale and on deep cells."""
MAX_LIGHTNESS = 0.179
"""Relative luminance up to which letters are light; it leaves either at least 4.5 to 1."""


def shade(score: float, metric: str) -> str:
    """Return the colour of a score as #RRGGBB; of an error metric, 0 is the best."""
    return "#{:02X}{:02X}{:02X}".format(*_mixed(_goodness(score, metric)))


def cell_style(score: float, metric: str) -> str:
    """Return the CSS of a cell; a missing score, which is NaN in a frame, has no colour."""
    if score != score:
        return ""
    letters = LIGHT if luminance(_mixed(_goodness(score, metric))) <= MAX_LIGHTNESS else DARK
    return f"background-color: {shade(score, metric)}; color: {letters}"


def scale(metric: str) -> Html:
    """Return the scale as a strip with its ends in words."""
    ends = ("0, the best", "1, the worst") if metric in LOWER_IS_BETTER else ("0", "1, the best")
    colours = ", ".join(shade(step / 4, metric) for step in range(5))
    strip = element(
        "span",
        class_="lh-strip",
        style=f"background: linear-gradient(to right, {colours})",
        role="img",
        aria_label="from pale to deep green",
    )
    return element("span", ends[0], " ", strip, " ", ends[1], class_="lh-key")


def luminance(colour: tuple[int, int, int]) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _goodness(score: float, metric: str) -> float:
    within = min(1.0, max(0.0, score))
    return 1.0 - within if metric in LOWER_IS_BETTER else within


def _mixed(goodness: float) -> tuple[int, int, int]:
    """Return the colour between the two stops that a value from 0 to 1 lies between."""
    low, share = (0, 2 * goodness) if goodness < 0.5 else (1, 2 * goodness - 1)
    red, green, blue = (
        round(one + (other - one) * share)
        for one, other in zip(STOPS[low], STOPS[low + 1], strict=True)
    )
    return red, green, blue
