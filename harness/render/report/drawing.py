"""Small charts as inline SVG: positions are percentages, so that they fit any width undistorted.

Colours are classes of the page's style sheet; shapes say the same to readers who see no colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.text.html import Child, Html, element

EDGE = 3.0
"""Per cent of the width that stays free on each side, for the signs at the ends."""
SIGNS = {
    "worse": "▼",
    "better": "▲",
    "not worse": "●",
    "identical": "●",
    "open": "◆",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of values that a chart spans; turns values into percentages of its width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> Scale:
        """Return a scale that spans all values; it never has the width 0."""
        known = [value for value in values if value is not None]
        low, high = min(known, default=0.0), max(known, default=1.0)
        # `at` divides by the width
        return cls(low, high) if high - low > 1e-9 else cls(low - 0.05, high + 0.05)

    def at(self, value: float) -> float:
        """Return a value's position in per cent, kept within the edges."""
        share = (value - self.low) / (self.high - self.low)
        return EDGE + (100 - 2 * EDGE) * min(1.0, max(0.0, share))


def drawing(label: str, height: int, *shapes: Child) -> Html:
    """Return a picture; screen readers read its label."""
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
    """Return a band of the background."""
    left, right = sorted((scale.at(start), scale.at(end)))
    return element("rect", x=_share(left), width=_share(right - left), height="100%", class_=kind)


def vertical(scale: Scale, value: float, kind: str) -> Html:
    """Return a line from top to bottom."""
    x = _share(scale.at(value))
    return element("line", x1=x, x2=x, y1="0", y2="100%", class_=kind)


def line(scale: Scale, low: float, high: float, kind: str) -> Html:
    """Return a line along the middle."""
    ends = {"x1": _share(scale.at(low)), "x2": _share(scale.at(high))}
    return element("line", y1="50%", y2="50%", class_=kind, **ends)


def reach(scale: Scale, low: float | None, high: float | None, kind: str) -> list[Html]:
    """Return an interval: a line with a stroke at each end, or an arrow where an end is open."""
    left, right = (scale.low if low is None else low), (scale.high if high is None else high)
    ends = [
        element(
            "text",
            arrow if end is None else "|",
            x=_share(scale.at(at)),
            y="50%",
            dy="0.33em",
            class_=f"end {kind}",
        )
        for end, at, arrow in ((low, left, "‹"), (high, right, "›"))
    ]
    return [line(scale, left, right, f"reach {kind}"), *ends]


def dot(scale: Scale, value: float, kind: str, radius: float = 4.5) -> Html:
    """Return a disc on the middle line."""
    return element("circle", cx=_share(scale.at(value)), cy="50%", r=f"{radius}", class_=kind)


def sign(scale: Scale, value: float, shape: str, kind: str) -> Html:
    """Return a shape on the middle line, as a letter, which keeps its size in any width."""
    return element(
        "text", shape, x=_share(scale.at(value)), y="50%", dy="0.36em", class_=f"sign {kind}"
    )


def word(scale: Scale, value: float, text: str) -> Html:
    """Return a figure on the axis; near an end it is aligned so that it isn't cut off."""
    place = scale.at(value)
    anchor = "start" if place < 8 else "end" if place > 92 else "middle"
    return element("text", text, x=_share(place), y="1em", text_anchor=anchor, class_="tick")


def tone(state: str) -> str:
    """Return the CSS class of a state."""
    return f"tone-{state.replace(' ', '-')}"


def _share(value: float) -> str:
    return f"{value:.2f}%"
