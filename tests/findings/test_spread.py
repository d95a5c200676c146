"""A choice keeps to the shares of its groups, from its first item on."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.findings.spread import Axis, shares_of, spread


def first(text: str) -> str:
    return text[0]


def axis(shares: dict[str, float], there: str = "") -> Axis[str]:
    return Axis(first, shares, Counter(there))


def test_every_beginning_has_the_shares_that_are_wanted() -> None:
    items = [*(f"a{n}" for n in range(20)), *(f"b{n}" for n in range(20))]
    chosen = spread(items, (axis({"a": 0.5, "b": 0.5}),), 12)
    for end in range(2, 13, 2):
        assert Counter(map(first, chosen[:end])) == {"a": end // 2, "b": end // 2}


def test_within_a_group_the_earliest_comes_first() -> None:
    assert spread(["a2", "b1", "a1"], (axis({"a": 1.0}),), 2) == ["a2", "a1"]


def test_what_is_there_already_counts() -> None:
    assert spread(["a1", "a2", "b1", "b2"], (axis({"a": 0.5, "b": 0.5}, "aa"),), 2) == ["b1", "b2"]


def test_a_group_without_a_share_comes_last_and_is_not_lost() -> None:
    assert spread(["z1", "a1", "a2"], (axis({"a": 1.0}),), 5) == ["a1", "a2", "z1"]


def test_a_second_axis_decides_between_groups_that_lie_equally_far_behind() -> None:
    wanted = Axis[str](lambda text: text[1], {"x": 0.5, "y": 0.5})
    chosen = spread(["ax", "ax", "ay", "bx", "by"], (axis({"a": 0.5, "b": 0.5}), wanted), 2)
    assert chosen == ["ax", "by"]


@pytest.mark.medium
@given(st.lists(st.sampled_from(["a1", "b1", "c1"])), st.integers(0, 9))
def test_no_item_is_lost_or_made_up(items: list[str], count: int) -> None:
    chosen = spread(items, (axis(shares_of(map(first, items))),), count)
    assert len(chosen) == min(count, len(items))
    assert not Counter(chosen) - Counter(items)
