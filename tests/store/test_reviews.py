"""Reviews are counted once, in the store's own order, and their rates are the same in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from harness.errors import DataError
from harness.records import SYNTHETIC, Review
from harness.store import Store
from tests.fakes.refusals import refused


def make_review(number: int = 1, **more: object) -> Review:
    fields = {
        "id": f"review {number} ' é",
        "at": f"2026-11-{1 + number % 28:02}T09:00:00.000Z",
        "task": "openers",
        "adapter": "v1",
        "digest": "d" * 64,
        "input": f"in\n\0put {number}",
        "output": "out '; DROP TABLE reviews; -- 😀",
        "decision": "edited",
        "final": "the final",
        "reviewer": "Ana",
        "reason": "too long",
        "slices": {"industry": "logistics", "size": "small"},
        "edit_rate": 1 / 3,
        "character_rate": 0.1,
        "source": "reviews.csv",
    }
    return Review(**(fields | more))


def thrown(number: int, **more: object) -> Review:
    nothing = {"decision": "rejected", "final": None, "edit_rate": None, "character_rate": None}
    return make_review(number, **(nothing | more))


def test_a_review_comes_back_as_it_was(store: Store) -> None:
    reviews = [make_review(1), thrown(2, slices={}, reviewer="", source="dashboard")]
    assert store.reviews.keep(reviews) == 2
    assert list(store.reviews.each()) == [replace(r, seq=n) for n, r in enumerate(reviews, 1)]


def test_the_same_review_counts_once(store: Store) -> None:
    assert store.reviews.keep([make_review(1), make_review(1), make_review(2)]) == 2
    assert store.reviews.keep([make_review(1, source="elsewhere", digest=""), make_review(3)]) == 1
    assert store.reviews.count() == 3
    assert [r.seq for r in store.reviews.each()] == [1, 2, 3]


@pytest.mark.parametrize(
    "other", [{"final": "another"}, {"reviewer": "Ben"}, {"slices": {}}, {"reason": ""}]
)
def test_an_id_that_says_something_else_is_refused_with_all_that_came_with_it(
    store: Store, other: dict[str, object]
) -> None:
    store.reviews.keep([make_review(1)])
    with refused("review 1 .* says something else", DataError):
        store.reviews.keep([make_review(2), make_review(1, **other)])
    assert store.reviews.count() == 1


def test_reviews_of_one_task_adapter_and_time_are_found(store: Store) -> None:
    store.reviews.keep(
        [make_review(1), make_review(2, task="support"), make_review(3, adapter="v2")]
    )

    def numbers(**asked: object) -> list[int]:
        return [review.seq for review in store.reviews.each(**asked)]

    assert numbers() == [1, 2, 3]
    assert numbers(task="openers") == [1, 3]
    assert numbers(since_seq=1) == [2, 3]
    assert numbers(since="2026-11-03") == [2, 3]
    assert numbers(adapter="v2") == [3]
    assert store.reviews.count("support") == 1
    assert store.reviews.tasks() == ["openers", "support"]
    assert store.reviews.adapters() == ["v1", "v2"]
    assert store.reviews.sources() == ["reviews.csv"]
    assert store.reviews.last_seq() == 3


def test_an_empty_store_says_so(store: Store) -> None:
    assert list(store.reviews.each()) == [] and store.reviews.rates("week") == []
    assert store.reviews.last_seq() == store.reviews.count() == 0


@pytest.mark.medium
def test_more_reviews_than_are_read_at_once_all_come(store: Store) -> None:
    reviews = [make_review(n) for n in range(2500)]
    assert store.reviews.keep(reviews) == 2500
    assert [r.id for r in store.reviews.each()] == [r.id for r in reviews]


def test_weeks_are_those_of_iso_8601(store: Store) -> None:
    days = ("2026-12-31", "2027-01-01", "2027-01-03", "2027-01-04")
    store.reviews.keep([make_review(n, at=f"{day}T23:59:59.999Z") for n, day in enumerate(days)])
    assert [(t.key, t.n) for t in store.reviews.weekly("openers")] == [
        ("2026-W53", 3),
        ("2027-W01", 1),
    ]


def test_a_tally_counts_what_was_done(store: Store) -> None:
    store.reviews.keep(
        [
            make_review(1, edit_rate=0.5),
            make_review(1000, id="a", decision="accepted", edit_rate=0.0, source=SYNTHETIC),
            thrown(3, at="2026-11-01T00:00:00.000Z"),
            thrown(4, task="support"),
        ]
    )
    (week,) = store.reviews.weekly("openers", after_seq=2)
    assert (week.n, week.rejected, week.final_n, week.edit_rate) == (1, 1, 0, None)
    (all_of_it,) = store.reviews.rates("task", "openers")
    assert (all_of_it.n, all_of_it.accepted, all_of_it.edited, all_of_it.rejected) == (3, 1, 1, 1)
    assert (all_of_it.final_n, all_of_it.edit_sum, all_of_it.edit_rate) == (2, 0.5, 0.25)
    assert all_of_it.rejection_rate == pytest.approx(1 / 3) == all_of_it.edited_share
    assert (all_of_it.synthetic, all_of_it.first_seq, all_of_it.last_seq) == (1, 1, 3)


def test_a_review_counts_in_each_of_its_slices(store: Store) -> None:
    store.reviews.keep([make_review(1), make_review(2, slices={"industry": "health"})])
    assert [(t.key, t.n) for t in store.reviews.rates("slice")] == [
        ("industry=health", 1),
        ("industry=logistics", 1),
        ("size=small", 1),
    ]
    assert [(t.key, t.n) for t in store.reviews.rates("reviewer")] == [("Ana", 2)]
    assert [(t.key, t.n) for t in store.reviews.rates("adapter", digest="other")] == []


def test_rates_are_the_same_to_the_last_bit_in_any_order(open_store) -> None:
    draw = random.Random(0)
    reviews = [make_review(n, edit_rate=draw.random()) for n in range(500)]
    store = open_store()
    store.reviews.keep(reviews)
    before = store.reviews.rates("adapter")[0].edit_sum
    again = [replace(r, id=f"again {r.id}", adapter="v2") for r in reviews]
    draw.shuffle(again)
    store.reviews.keep(again)
    assert store.reviews.rates("adapter")[1].edit_sum == before


def test_reviews_of_bytes_are_found_under_any_name_and_by_name_where_bytes_are_unknown(
    store: Store,
) -> None:
    mine, other = "a" * 64, "b" * 64
    store.reviews.keep(
        [
            make_review(1, adapter="v1", digest=mine),
            make_review(2, adapter="renamed", digest=mine),
            make_review(3, adapter="v1", digest=""),
            make_review(4, adapter="v1", digest=other),
            make_review(5, adapter="v2", digest=""),
        ]
    )
    made_by = ("v1", mine)
    assert [r.seq for r in store.reviews.each(made_by=made_by)] == [1, 2, 3]
    assert sum(t.n for t in store.reviews.weekly("openers", made_by=made_by)) == 3
    assert sum(t.n for t in store.reviews.rates("slice", after_seq=1, made_by=made_by)) == 4


def test_every_review_of_a_task_is_counted_or_uncounted(store: Store) -> None:
    mine, other = "a" * 64, "b" * 64
    store.reviews.keep(
        [
            make_review(1, adapter="v1", digest=mine),
            make_review(2, adapter="v0", digest=other),
            make_review(3, adapter="v1", digest=mine),
            make_review(4, adapter="v1", digest=mine, task="support"),
        ]
    )
    made_by = ("v1", mine)
    counted = store.reviews.weekly("openers", after_seq=1, made_by=made_by)
    before, others = sorted(
        store.reviews.weekly_uncounted("openers", made_by, 1), key=lambda weeks: weeks[0].first_seq
    )
    assert [t.last_seq for t in counted] == [3]
    assert [[t.n for t in weeks] for weeks in (before, others)] == [[1], [1]]
    assert (before[0].last_seq, others[0].last_seq) == (1, 2)


@pytest.mark.parametrize(
    "by_hand",
    [
        "UPDATE reviews SET edit_rate = 0.0 WHERE seq = 2",
        "UPDATE reviews SET decision = 'accepted' WHERE seq = 2",
        "UPDATE reviews SET week = '2020-W01' WHERE seq = 2",
        "UPDATE reviews SET body = replace(body, 'too long', 'fine') WHERE seq = 2",
        "UPDATE reviews SET body = 'x' WHERE seq = 2",
        "UPDATE review_slices SET value = 'health' WHERE review = 2 AND name = 'industry'",
        "DELETE FROM review_slices WHERE review = 2",
    ],
)
def test_a_row_changed_by_hand_is_named(store: Store, by_hand: str) -> None:
    store.reviews.keep([make_review(n) for n in (1, 2, 3)] + [thrown(4, slices={})])
    assert list(store.reviews.changed()) == []
    with store.database.write() as connection:
        connection.exec_driver_sql(by_hand)
    assert list(store.reviews.changed()) == [make_review(2).id]
