"""A fold holds whole items or says how many are missing."""

import pytest

from harness.render.report.comment_folds import Fold

ITEMS = tuple(f"item {n:02} " + "x" * 50 for n in range(20))


@pytest.mark.parametrize("room", [0, 50, 200, 500, 1_000, 1_400, 2_000])
def test_it_never_takes_more_than_its_room(room):
    text = Fold("a title", ITEMS, "case").within(room)
    assert len(text) <= room
    shown = text.count("item ")
    assert text == "" or shown == 20 or f"{20 - shown} more case" in text
    assert text.count("x" * 50) == shown


def test_all_of_it_where_there_is_room():
    text = Fold("a title", ITEMS, "case").within(10_000)
    assert "left out" not in text
    assert text.count("item ") == 20


def test_a_fold_of_nothing_is_nothing():
    assert Fold("a title", (), "case").within(10_000) == ""
