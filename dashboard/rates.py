"""Rates written the same way on every page: value, interval, n, limits, and whether synthetic.

Tested in tests/dashboard/test_outlets.py.
"""

from __future__ import annotations

from dashboard import colours, pieces
from harness.flows.queries import PageRate, RateLine
from harness.text.figures import MISSING, count, percent
from harness.text.html import Html


def rate_fact(name: str, rate: PageRate, line: RateLine) -> Html:
    """Return a rate under its name, with its interval, n and the team's limits."""
    mark = pieces.badge("synthetic", "quiet") if rate.synthetic else None
    return pieces.fact(name, percent(rate.value), f"{basis(rate)} · {line_words(line)}", mark)


def basis(rate: PageRate) -> str:
    """Return interval and n: `18.2 to 24.9 %, 312 reviews`."""
    reviews = count(rate.n, "review")
    if rate.value is None or rate.low is None or rate.high is None:
        return reviews
    return f"{percent(rate.low).removesuffix(' %')} to {percent(rate.high)}, {reviews}"


def line_words(line: RateLine) -> str:
    """Return the team's limits as a phrase: fine to here, retrain from there."""
    return ", ".join(limit for limit, _, _ in colours.line_words(line)) or "no line declared"


def short(rate: PageRate) -> str:
    """Return a rate in short, for a table cell."""
    return MISSING if rate.value is None else f"{percent(rate.value)} ({basis(rate)})"
