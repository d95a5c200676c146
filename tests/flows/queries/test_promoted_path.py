"""The promoted line follows production through promotions and rollbacks."""

from __future__ import annotations

import pytest

from harness.flows.queries.points import Point
from harness.flows.queries.promoted_path import drift, promoted_path
from harness.records import Decision


def point(day: int, adapter: str, mean: float = 0.5, version: str = "a") -> Point:
    at = f"2026-03-{day:02}T09:00:00Z"
    return Point(at, adapter, version, mean, None, None, 8, 1, f"{adapter}-{day}")


def put(day: int, adapter: str, kind: str = "promote") -> Decision:
    at = f"2026-03-{day:02}T12:00:00Z"
    return Decision(kind, "openers", adapter, adapter * 8, "Ana", "because", at)  # type: ignore[arg-type]


def drawn(path: tuple[Point, ...]) -> list[tuple[str, int]]:
    return [(p.adapter, int(p.at[8:10])) for p in path]


def test_a_term_begins_with_the_run_that_the_promotion_rested_on() -> None:
    points = [point(1, "v1"), point(5, "v1"), point(9, "v1")]
    assert drawn(promoted_path(points, [put(6, "v1")])) == [("v1", 6), ("v1", 9)]


def test_the_line_goes_from_adapter_to_adapter() -> None:
    points = [point(1, "v1"), point(4, "v1"), point(5, "v2"), point(8, "v2"), point(9, "v1")]
    path = promoted_path(points, [put(2, "v1"), put(6, "v2")])
    assert drawn(path) == [("v1", 2), ("v1", 4), ("v2", 6), ("v2", 8)]


def test_a_rollback_leads_back() -> None:
    points = [point(1, "v1"), point(3, "v2"), point(9, "v1")]
    decisions = [put(2, "v1"), put(4, "v2"), put(6, "v1", "rollback"), put(7, "v2", "reject")]
    assert drawn(promoted_path(points, decisions)) == [("v1", 2), ("v2", 4), ("v1", 6), ("v1", 9)]


def test_an_adapter_without_a_run_leaves_a_gap() -> None:
    path = promoted_path(
        [point(1, "v1"), point(9, "v3")], [put(2, "v1"), put(4, "v2"), put(8, "v3")]
    )
    assert drawn(path) == [("v1", 2), ("v3", 9)]


def test_the_order_of_the_points_does_not_matter() -> None:
    points = [point(9, "v1"), point(1, "v1"), point(5, "v1")]
    assert drawn(promoted_path(points, [put(2, "v1")])) == [("v1", 2), ("v1", 5), ("v1", 9)]


def test_nothing_promoted_is_no_line() -> None:
    assert promoted_path([point(1, "v1")], []) == ()


def test_drift_is_told_on_the_newest_version_only() -> None:
    old, first, last = point(1, "v1", 0.9, "a"), point(2, "v1", 0.6, "b"), point(3, "v2", 0.4, "b")
    assert drift([old, first, last]) == pytest.approx(-0.2)
    assert drift([old, first]) is None
    assert drift([]) is None
