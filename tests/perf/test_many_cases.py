"""Many cases: each is another, what the fewest take is taken off, a kill is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from many_cases import Found, Resumed, cases, line, outputs


def test_no_two_cases_are_alike_and_a_size_begins_as_a_smaller_one() -> None:
    some = list(cases(300, 50))
    assert len({case["input"] for case in some}) == len({case["id"] for case in some}) == 300
    assert list(cases(20, 50)) == some[:20]


def test_an_input_is_about_as_long_as_it_is_asked_to_be() -> None:
    assert {len(case["input"].split()) for case in cases(30, 500)} == {496}
    assert {len(case["input"].split()) for case in cases(30, 0)} == {2}


def test_what_the_fewest_cases_take_is_taken_off() -> None:
    few, many = Found(16, 5.0, 400, 0.5), Found(1016, 105.0, 460, 4.5)
    assert line(many, few) == "| 1,016 | 105.0 | 10.0 | 60 MiB | 4.5 MiB | 4.1 KiB |"


def test_a_killed_run_says_what_was_kept_and_what_was_done_twice() -> None:
    told = Resumed(300, 160, 0, 300, 20.0, 11.0, 15.0).told
    assert "160 of 300 outputs kept" in told
    assert "wrote 0 anew" in told and "Together 26 s, without a kill 20 s" in told


def test_outputs_are_read_from_a_store_that_another_process_writes(tmp_path: Path) -> None:
    assert outputs(tmp_path) == {}
    file = tmp_path / "reports" / "harness.db"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as store, store:
        assert outputs(tmp_path) == {}
        store.execute("CREATE TABLE outputs (key TEXT, made TEXT)")
        store.execute("INSERT INTO outputs VALUES ('a', 'noon')")
    assert outputs(tmp_path) == {"a": "noon"}
