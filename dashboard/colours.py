"""Colours and signs of the charts, the same on every page; made from Okabe and Ito's safe set.

Three colours judge, on every page: green is good, fixed or in production; orange is to be looked
at; vermillion is bad. Grey is neither, and the plain model. The others only tell adapters and
series apart. A sign or a word says the same beside each colour.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from harness.records import BASE, BASE_PROMPT

if TYPE_CHECKING:
    from harness.flows.queries import Event, RateLine

T = TypeVar("T")

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILLION, GREY, PALE = "#56B4E9", "#D55E00", "#7A8793", "#A9B4BD"
VIOLET, SAND = "#8C6BD8", "#A39161"
ADAPTERS = (BLUE, PURPLE, SKY, VIOLET, SAND)
"""None of them judges."""
PLAIN = {BASE: GREY, BASE_PROMPT: PALE}

FLAGS = {
    "broken": VERMILLION,
    "missing": PALE,
    "changed": ORANGE,
    "reworded": BLUE,
    "same": GREY,
    "fixed": GREEN,
}
STATES: dict[str, tuple[str, str, str]] = {
    "worse": (VERMILLION, "triangle-down", "▼"),
    "open": (ORANGE, "diamond", "◆"),
    "not worse": (GREEN, "circle", "●"),
    "better": (GREEN, "triangle-up", "▲"),
    "identical": (GREY, "circle", "●"),
}
"""A metric's state: its colour, its shape in a chart, and the shape as a letter."""
KINDS = {
    "promote": ("promotion", "triangle-up", GREEN, "▲"),
    "rollback": ("rollback", "triangle-down", ORANGE, "▼"),
    "override": ("override", "arrow", VERMILLION, "⬆"),
    "pin": ("pin", "diamond", GREY, "◆"),
    "reject": ("rejection", "cross", VERMILLION, "✚"),
    "alarm": ("alarm", "square", VERMILLION, "■"),
    "acknowledge": ("acknowledged", "circle", GREY, "●"),
    "reposition": ("repositioned", "triangle-right", GREY, "▶"),
    "benchmark": ("new ideals", "triangle-left", GREY, "◀"),
    "note": ("note", "wedge", GREY, "◢"),
}
"""An event's name, its shape and colour on the axis, and the shape as a letter."""
MOMENTS = {"in production": GREEN, "this version": BLUE, "an older version": PALE}
EFFECTS = {"gained": GREEN, "lost": VERMILLION, "not shown either way": GREY}
"""Whether the interval of a difference from the base lies above, below or around zero."""
GAIN, GUARDS = ("circle", "●"), (("diamond", "◆"), ("square", "■"), ("triangle-up", "▲"))
"""Shapes of the gain on the task and of the guards, in a chart and as letters."""


def adapter_colours(adapters: Sequence[str]) -> dict[str, str]:
    """Return a colour per adapter, the same in every chart of a page; plain bases are grey."""
    names = list(dict.fromkeys(adapters))
    tuned = [name for name in names if name not in PLAIN]
    colours = dict(zip(tuned, cycled(ADAPTERS, len(tuned)), strict=True)) | PLAIN
    return {name: colours[name] for name in names}


def event_kinds(events: Sequence[Event]) -> list[tuple[str, str, str, str]]:
    """Return the kinds among these events, each once, for a legend."""
    there = [event_kind(event) for event in events]
    return [kind for kind in KINDS.values() if kind in there]


def event_kind(event: Event) -> tuple[str, str, str, str]:
    """Return an event's name, shape, colour and sign; an override never looks like a promotion."""
    return KINDS["override" if event.override else event.kind]


def line_words(line: RateLine) -> list[tuple[str, float, str]]:
    """Return the team's limits with their words and colours: fine to here, retrain from there."""
    drawn = (("fine to", line.acceptable, GREEN), ("retrain from", line.retrain, VERMILLION))
    return [
        (f"{what} {100 * value:.3g} %", value, colour)
        for what, value, colour in drawn
        if value is not None
    ]


def version(current: bool) -> str:
    """Name the version of the benchmark that a run belongs to."""
    return "this version" if current else "an older version"


def cycled(some: Sequence[T], number: int) -> list[T]:
    """Return `number` colours or shapes, repeated where there are too few."""
    return [some[place % len(some)] for place in range(number)]
