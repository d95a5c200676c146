"""Draw what adapters gained on their task over the base, beside what they lost elsewhere.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt

from dashboard.chart_layers import layered, name_axis
from dashboard.chart_rows import EFFECT_TIP, data, effect_rows
from dashboard.colours import EFFECTS, GAIN, GREY, GUARDS, cycled

if TYPE_CHECKING:
    from harness.flows.queries import Forgetting


def forgetting(
    forgettings: Sequence[Forgetting], legend: bool = False, height_each: int = 30
) -> alt.LayerChart:
    """Draw each adapter's gain on its task over the base, beside its losses elsewhere."""
    rows = list(effect_rows(forgettings))
    shapes = effect_shapes(forgettings)
    kinds = list(shapes)
    told = alt.Legend(orient="top", columns=1, labelLimit=320) if legend else None
    colour = alt.Color(
        "turn:N",
        title=None,
        legend=told,
        scale=alt.Scale(domain=list(EFFECTS), range=list(EFFECTS.values())),
    )
    shape = alt.Shape(
        "what:N",
        title=None,
        legend=told,
        scale=alt.Scale(domain=kinds, range=[drawn for drawn, _ in shapes.values()]),
    )
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("adapter:N", title=None, sort=None, axis=name_axis(150)),
        yOffset=alt.YOffset("what:N", sort=kinds),
        color=colour,
        tooltip=EFFECT_TIP,
    )
    zero = alt.Chart(data([{"zero": 0}])).mark_rule(strokeDash=[4, 3], color=GREY)
    height = 70 + height_each * max(1, len(rows))
    return layered(
        [
            zero.encode(x=alt.X("zero:Q")),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X(
                    "low:Q",
                    title="difference from the base, better to the right",
                    axis=alt.Axis(tickCount=6),
                ),
                x2="high:Q",
            ),
            base.mark_point(size=80, filled=True, opacity=1).encode(x="difference:Q", shape=shape),
        ],
        height,
    )


def effect_shapes(forgettings: Sequence[Forgetting]) -> dict[str, tuple[str, str]]:
    """Return the shape of the gain and of each guard, in the chart and as a letter."""
    kinds = sorted({(row["guard"], row["what"]) for row in effect_rows(forgettings)})
    guards = iter(cycled(GUARDS, len(kinds)))
    return {what: next(guards) if guard else GAIN for guard, what in kinds}
