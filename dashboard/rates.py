"""A rate in words, the same on every page: value, interval, n, the line, and whether it is real."""

from __future__ import annotations

from dashboard import colours, pieces
from harness.flows.queries import PageRate, RateLine
from harness.text.figures import MISSING, count, percent
from harness.text.html import Html


def rate_fact(name: str, rate: PageRate, line: RateLine) -> Html:
    """The rate under its name, with what it rests on and the line it is held against."""
    mark = pieces.badge("synthetic", "quiet") if rate.synthetic else None
    return pieces.fact(name, percent(rate.value), f"{basis(rate)} · {line_words(line)}", mark)


def basis(rate: PageRate) -> str:
    """Interval and n: `18.2 to 24.9 %, 312 reviews`."""
    reviews = count(rate.n, "review")
    if rate.value is None or rate.low is None or rate.high is None:
        return reviews
    return f"{percent(rate.low).removesuffix(' %')} to {percent(rate.high)}, {reviews}"


def line_words(line: RateLine) -> str:
    """What the team declared: fine up to here, retrain from there."""
    return ", ".join(told for told, _, _ in colours.line_words(line)) or "no line declared"


def short(rate: PageRate) -> str:
    """One line for a table cell."""
    return MISSING if rate.value is None else f"{percent(rate.value)} ({basis(rate)})"
