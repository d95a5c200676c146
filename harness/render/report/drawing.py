"""Small charts as inline SVG: positions are percentages, so that they fit any width undistorted.

Colours are classes of the page's style, and shapes say the same for who sees no colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.text.html import Child, Html, element

EDGE = 3.0
"""Per cent of the width that stays free on either side."""
SIGNS = {
    "worse": "▼",
    "better": "▲",
    "not worse": "●",
    "identical": "●",
    "open": "◆",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to percentages of the width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> Scale:
        """Wide enough for all of them; never of no width."""
        known = [value for value in values if value is not None]
        low, high = min(known, default=0.0), max(known, default=1.0)
        return cls(low, high) if high - low > 1e-9 else cls(low - 0.05, high + 0.05)

    def at(self, value: float) -> float:
        """Where a value stands, within the edges."""
        share = (value - self.low) / (self.high - self.low)
        return EDGE + (100 - 2 * EDGE) * min(1.0, max(0.0, share))


def drawing(label: str, height: int, *shapes: Child) -> Html:
    """A picture with the words for who cannot see it."""
    return element(
        "svg",
        shapes,
        role="img",
        aria_label=label,
        width="100%",
        height=str(height),
        class_="drawing",
    )


def zone(scale: Scale, start: float, end: float, kind: str) -> Html:
    """A stretch of the background."""
    left, right = sorted((scale.at(start), scale.at(end)))
    return element("rect", x=_share(left), width=_share(right - left), height="100%", class_=kind)


def upright(scale: Scale, value: float, kind: str) -> Html:
    """A line from top to bottom."""
    x = _share(scale.at(value))
    return element("line", x1=x, x2=x, y1="0", y2="100%", class_=kind)


def stretch(scale: Scale, low: float, high: float, kind: str) -> Html:
    """A line along the middle."""
    ends = {"x1": _share(scale.at(low)), "x2": _share(scale.at(high))}
    return element("line", y1="50%", y2="50%", class_=kind, **ends)


def dot(scale: Scale, value: float, kind: str, radius: float = 4.5) -> Html:
    """A disc in the middle."""
    return element("circle", cx=_share(scale.at(value)), cy="50%", r=f"{radius}", class_=kind)


def sign(scale: Scale, value: float, shape: str, kind: str) -> Html:
    """A shape in the middle, as a letter: it keeps its size in any width."""
    return element(
        "text", shape, x=_share(scale.at(value)), y="50%", dy="0.36em", class_=f"sign {kind}"
    )


def word(scale: Scale, value: float, text: str) -> Html:
    """A figure on the axis, kept within the edges."""
    place = scale.at(value)
    anchor = "start" if place < 8 else "end" if place > 92 else "middle"
    return element("text", text, x=_share(place), y="1em", text_anchor=anchor, class_="tick")


def tone(state: str) -> str:
    """The class of a state."""
    return f"tone-{state.replace(' ', '-')}"


def _share(value: float) -> str:
    return f"{value:.2f}%"
