"""Columns line up on a terminal, whatever script is in them."""

from harness.text.table import display_width, hang, table


def test_numbers_stand_right_and_words_left():
    assert table([["", "score"], ["edit rate", "0.4"], ["x", "12.5"]], "<>") == [
        "           score",
        "edit rate    0.4",
        "x           12.5",
    ]


def test_wide_and_combining_characters_keep_the_columns():
    lines = table([["漢字", "1"], ["e\u0301", "2"], ["word", "3"]], indent=1, gap=1)
    assert lines == [" 漢字 1", " e\u0301    2", " word 3"]
    assert {display_width(line) for line in lines} == {7}


def test_rows_may_be_of_different_lengths():
    assert table([["a"], ["b", "c"]]) == ["a", "b  c"]
    assert table([]) == []


def test_wrapped_lines_stand_under_their_beginning():
    assert hang("  why   ", "one two three four five six", 28) == [
        "  why   one two three four",
        "        five six",
    ]
    assert hang("  next  ", "", 40) == ["  next"]
