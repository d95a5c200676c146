"""What waits to be imported is on disk without a name, in order, and gone afterwards."""

from __future__ import annotations

import sqlite3

import pytest

from harness.errors import WorldFailed
from harness.store.review_rows import row_of
from harness.store.spool import open_spool
from tests.fakes.refusals import refused
from tests.store.test_reviews import make_review, thrown


def test_rows_come_back_in_their_order_and_as_they_were() -> None:
    rows = [row_of(make_review(n)) for n in range(5)] + [row_of(thrown(7, slices={}))]
    with open_spool() as spool:
        spool.add(rows[:2])
        spool.add(rows[2:])
        assert [len(batch) for batch in spool.batches(4)] == [4, 2]
        assert [row for batch in spool.batches(4) for row in batch] == rows


def test_an_id_belongs_to_the_line_that_said_it_first() -> None:
    with open_spool() as spool:
        assert spool.claim([("a", "x", 2), ("b", "x", 3)]) == {}
        assert spool.claim([("a", "y", 4), ("c", "z", 5), ("c", "z", 6)]) == {
            4: ("x", 2),
            6: ("z", 5),
        }
        assert spool.claim([("c", "z", 7)]) == {7: ("z", 5)}


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("make room in the temporary folder", WorldFailed, code=11), open_spool():
        raise sqlite3.OperationalError("database or disk is full")
