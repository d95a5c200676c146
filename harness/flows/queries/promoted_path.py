"""The promoted line: what the adapter in production scored, drawn through all promotions.

Tested in tests/flows/queries/test_promoted_path.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.flows.queries.points import Point
from harness.records import Decision
from harness.store.in_production import puts_in_production

_NEVER = "9999"
"""Sorts after every time."""


def promoted_path(points: Iterable[Point], decisions: Iterable[Decision]) -> tuple[Point, ...]:
    """Return the points of the adapter that was in production at each time, the oldest first.

    A term begins with the adapter's last run before it, which its promotion rested on.
    """
    terms = puts_in_production(decisions)
    in_order = sorted(points, key=lambda point: point.at)
    path: list[Point] = []
    for number, term in enumerate(terms):
        end = terms[number + 1].at if number + 1 < len(terms) else _NEVER
        mine = [p for p in in_order if p.adapter == term.adapter and p.at < end]
        before = [p for p in mine if p.at <= term.at]
        path += [replace(one, at=term.at) for one in before[-1:]]
        path += [p for p in mine if p.at > term.at]
    return tuple(path)


def drift(path: Sequence[Point]) -> float | None:
    """Return how far the newest point lies from the first on its version of the benchmark.

    None where there are no two points to compare.
    """
    same = [p.mean for p in path if p.fingerprint == path[-1].fingerprint]
    return same[-1] - same[0] if len(same) > 1 else None
