"""Agreement of two people on the same outputs, against figures worked out by hand."""

from __future__ import annotations

import pytest

from harness.alarm.agreement import agreement
from harness.records import TwoLooks


def test_no_pair_is_no_agreement_and_not_none_of_it() -> None:
    found = agreement([])
    assert (found.share.value, found.share.n, found.beyond_chance, found.apart) == (
        None, 0, None, None,
    )  # fmt: skip


def test_the_share_and_what_chance_would_give() -> None:
    pairs = [
        TwoLooks("accepted", "accepted", 0.0, 0.0),
        TwoLooks("edited", "edited", 0.2, 0.5),
        TwoLooks("accepted", "edited", 0.0, 0.1),
        TwoLooks("rejected", "rejected"),
    ]
    found = agreement(pairs)
    # 3 of 4 alike; decisions: 3 accepted, 3 edited, 2 rejected of 8, so 22/64 by chance.
    assert found.share.value == 0.75
    assert found.beyond_chance == pytest.approx((0.75 - 22 / 64) / (1 - 22 / 64))
    assert (found.apart, found.apart_n) == (pytest.approx(0.4 / 3), 3)


def test_where_all_decide_the_same_chance_explains_everything() -> None:
    assert agreement([TwoLooks("accepted", "accepted")] * 5).beyond_chance is None


def test_who_looked_first_means_nothing() -> None:
    pairs = [TwoLooks("accepted", "edited", 0.0, 0.4), TwoLooks("edited", "edited", 0.1, 0.2)]
    turned = [TwoLooks(p.other, p.one, p.other_rate, p.one_rate) for p in pairs]
    assert agreement(pairs) == agreement(turned)
