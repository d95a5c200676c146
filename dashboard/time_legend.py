"""Name the colours and signs of the charts over time.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import colours, frame, pieces
from harness.flows.queries import OverTime, RateLine

MAX_ADAPTERS = 12
"""Adapters that a legend names."""


def known_adapters(found: OverTime) -> tuple[str, ...]:
    """Return every adapter of the page, so that each keeps its colour from chart to chart."""
    return tuple(dict.fromkeys([*found.chosen, *(week.adapter for week in found.weeks)]))


def legend(
    found: OverTime, adapters: Sequence[str], line: RateLine | None = None, path: bool = False
) -> None:
    """Write the legend of a chart: adapters, events, limits, and the promoted line."""
    shades = colours.adapter_colours(known_adapters(found))
    kinds = colours.event_kinds(found.marks)
    names = list(dict.fromkeys(adapters))
    entries = {name: shades[name] for name in names[:MAX_ADAPTERS]}
    entries |= {name: colour for name, _, colour, _ in kinds}
    signs = {name: sign for name, _, _, sign in kinds}
    for limit, _, colour in colours.line_words(line) if line else ():
        entries[limit], signs[limit] = colour, "┅"
    if path and found.path:
        entries["in production"], signs["in production"] = colours.GREEN, "━"
    if len(names) > MAX_ADAPTERS:
        more = f"{len(names) - MAX_ADAPTERS} more adapters, named in the tooltips"
        entries[more], signs[more] = "inherit", "…"
    frame.html(pieces.legend(entries, signs))
