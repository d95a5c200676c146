"""An output is open at one reviewer at a time, and a claim that nobody renews runs out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from harness.store import Store
from harness.store.claims import LEASE
from tests.fakes.refusals import refused
from tests.store.test_reviews import make_review

QUEUE = [(f"k{n}",) for n in range(4)]


def test_two_reviewers_get_two_outputs_and_each_keeps_its_own(store: Store) -> None:
    assert store.claims.take(QUEUE, "ana", now=0) == ("k0",)
    assert store.claims.take(QUEUE, "ben", now=1) == ("k1",)
    assert store.claims.take(QUEUE, "ana", now=2) == ("k0",)
    assert store.claims.take(QUEUE[::-1], "ben", now=3) == ("k1",), "in whatever order it is asked"


def test_where_all_is_open_elsewhere_there_is_none_and_it_can_be_said_who_has_it(
    store: Store,
) -> None:
    for name in ("ana", "ben"):
        store.claims.take(QUEUE[:2], name, name.title(), now=0)
    assert store.claims.take(QUEUE[:2], "cleo", now=1) is None
    claims = store.claims.of(["k0", "k1", "k2"], now=1)
    assert [(one.key, one.holder, one.reviewer) for one in claims] == [
        ("k0", "ana", "Ana"),
        ("k1", "ben", "Ben"),
    ]


def test_a_claim_runs_out_and_is_renewed_by_what_its_holder_does(store: Store) -> None:
    store.claims.take(QUEUE[:1], "ana", now=0)
    store.claims.take(QUEUE[:1], "ana", now=LEASE * 0.6)
    assert store.claims.take(QUEUE[:1], "ben", now=LEASE * 1.5) is None
    assert store.claims.take(QUEUE[:1], "ben", now=LEASE * 1.6) == ("k0",)
    assert store.claims.take(QUEUE[:1], "ana", now=LEASE * 1.7) is None


def test_who_takes_another_gives_the_first_one_back(store: Store) -> None:
    store.claims.take(QUEUE, "ana", now=0)
    assert store.claims.take(QUEUE[2:], "ana", now=1) == ("k2",)
    assert store.claims.take(QUEUE, "ben", now=2) == ("k0",)
    store.claims.free("ana")
    assert store.claims.take(QUEUE[2:], "cleo", now=3) == ("k2",)


def test_a_pair_is_given_whole_or_not_at_all(store: Store) -> None:
    store.claims.take([("b",)], "ana", now=0)
    assert store.claims.take([("a", "b"), ("c", "d")], "ben", now=1) == ("c", "d")
    assert store.claims.take([("a", "b"), ("d",)], "ben", now=2) == ("d",), "one is left of it"
    assert store.claims.take([("a", "b"), ("c", "d")], "cleo", now=3) is None


def test_what_is_reviewed_is_handed_out_no_more(store: Store) -> None:
    store.reviews.keep([make_review(1, id="k0")])
    assert store.claims.take(QUEUE, "ana", now=0) == ("k1",)


def test_threads_at_once_are_given_each_output_once(store: Store) -> None:
    queue = [(f"k{n}",) for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda n: store.claims.take(queue, f"holder {n}"), range(24)))
    assert sorted(filter(None, given)) == sorted(queue)
    assert given.count(None) == 4


# --- reviews that were taken back ----------------------------------------------------------------


def test_a_review_that_is_taken_back_counts_nowhere_and_leaves_its_number_behind(
    store: Store,
) -> None:
    store.reviews.keep([make_review(1), make_review(2), make_review(3)])
    last = list(store.reviews.each())[-1]
    store.reviews.take_back(last, "2026-11-30T09:00:00Z")
    assert store.reviews.count() == 2
    assert store.trends.counts()[1] == 2
    assert store.reviews.last_seq() == 3, "who has seen up to 3 has seen all"
    assert sum(one.n for one in store.reviews.weekly("openers")) == 2
    store.reviews.keep([last, make_review(4)])
    assert [one.seq for one in store.reviews.each()] == [1, 2, 4, 5]
    assert store.trends.counts()[1] == 4
    assert list(store.reviews.changed()) == []


def test_a_review_is_taken_back_once(store: Store) -> None:
    store.reviews.keep([make_review(1), make_review(2)])
    one = next(store.reviews.each())
    store.reviews.take_back(one, "2026-11-30T09:00:00Z")
    with refused("was taken back already"):
        store.reviews.take_back(one, "2026-11-30T09:00:01Z")
    store.reviews.keep([make_review(1)])
    with refused("was taken back already"):
        store.reviews.take_back(one, "2026-11-30T09:00:02Z")
    assert store.reviews.count() == 2, "the same output, reviewed anew, is another review"


@pytest.mark.parametrize("change", [{"seq": 2}, {"id": "another"}])
def test_no_other_review_goes_with_it(store: Store, change: dict[str, object]) -> None:
    store.reviews.keep([make_review(1)])
    one = next(store.reviews.each())
    with refused("was taken back already"):
        store.reviews.take_back(replace(one, **change), "2026-11-30T09:00:00Z")
    assert list(store.reviews.each()) == [one]
