"""Which risk is spent when."""

from __future__ import annotations

import pytest

from harness.judge.rule2.levels import alone, beside_finals, looks
from harness.records import Policy

POLICY = Policy()


def test_cases_alone_spend_the_whole_of_alpha() -> None:
    found = alone(POLICY, 0.05)
    assert (found.alpha, found.drop, found.collapsed, found.bears) == (0.05, 0.01, 2, 0)


def test_where_finals_may_promote_slices_are_left_to_them() -> None:
    found = beside_finals(POLICY, 0.05)
    assert (found.alpha, found.drop, found.slice_reject) == (0.05, 0.005, 0.0)


@pytest.mark.parametrize(
    ("reserve", "counts"), [(0, []), (9, []), (10, [0, 10]), (29, [0, 10]), (30, [0, 10, 30])]
)
def test_a_reserve_is_looked_at_in_steps(reserve: int, counts: list[int]) -> None:
    assert [count for count, _ in looks(POLICY, 0.05, 25, reserve)] == counts


def test_looks_share_the_risks_and_bear_a_collapse_from_fifty_cases() -> None:
    found = [levels for _, levels in looks(POLICY, 0.05, 25, 30)]
    assert [one.alpha for one in found] == [0.02, 0.02, 0.03]
    assert sum(one.alpha for one in found) <= 0.07 + 1e-12
    assert [one.collapsed for one in found] == [3, 3, 4]
    assert [one.bears for one in found] == [0, 0, 1]
    assert all(one.drop == 0.002 and one.guard == pytest.approx(0.0011) for one in found)


def test_a_spent_alpha_shrinks_every_level_that_certifies() -> None:
    assert [one.alpha for _, one in looks(POLICY, 0.025, 25, 30)] == [0.01, 0.01, 0.015]
