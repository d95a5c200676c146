"""The progress line: how long it still takes is what the last steps say."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from harness.progress import Pace, ProgressLine, in_words
from harness.text.table import display_width
from harness.time_left import TimeLeft


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(clock: Clock, pace: Pace, steps: range, total: int, seconds: float) -> float | None:
    """What is said after steps that each took so long."""
    left = None
    for done in steps:
        left = pace.left(done, total)
        clock.now += seconds
    return left


def test_nothing_is_promised_before_anything_was_done() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.left(0, 100) is None
    clock.now += 30
    assert pace.left(0, 100) is None


def test_the_time_left_follows_from_the_steps_done() -> None:
    clock = Clock()
    assert told(clock, Pace(clock), range(0, 51), 100, 1.0) == pytest.approx(50)


def test_loading_before_the_first_step_is_no_part_of_the_pace() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now += 300
    assert told(clock, pace, range(0, 51), 100, 1.0) == pytest.approx(50)


def test_outputs_that_an_earlier_process_left_do_not_make_the_rest_look_fast() -> None:
    clock = Clock()
    left = told(clock, Pace(clock), range(9_000, 9_101), 10_000, 1.0)
    assert left == pytest.approx(900)


def test_a_pace_that_changed_is_believed_after_a_while() -> None:
    clock = Clock()
    pace = Pace(clock)
    told(clock, pace, range(0, 1_000), 10_000, 0.1)
    left = told(clock, pace, range(1_000, 2_000), 10_000, 1.0)
    assert left == pytest.approx(8_001, rel=0.01)


def test_writing_and_weighing_in_turn_are_counted_together() -> None:
    """128 slow steps, then 128 fast ones, and so on: the mean of both is what is left."""
    clock = Clock()
    pace = Pace(clock)
    done, said = 0, []
    for _ in range(8):
        for seconds in (1.0, 0.1):
            for _ in range(128):
                said.append((done, pace.left(done, 10_000)))
                clock.now += seconds
                done += 1
    for before, left in said[1024:]:
        assert left == pytest.approx((10_000 - before) * 0.55, rel=0.25)


def test_other_work_begins_a_pace_of_its_own() -> None:
    clock = Clock()
    pace = Pace(clock)
    told(clock, pace, range(0, 31), 30, 5.0)
    assert pace.left(0, 60) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a few seconds left"),
        (42, "about 40 s left"),
        (170, "about 3 min left"),
        (5_400, "about 1.5 h left"),
    ],
)
def test_time_left_is_told_as_precisely_as_anybody_knows_it(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_the_line_says_how_much_is_done_and_left() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine("v3 on openers: writing", clock, terminal)
    for done in range(0, 5_000, 100):
        line.show(done, 10_000)
        clock.now += 4
    assert "v3 on openers: writing" in terminal.getvalue()
    assert terminal.getvalue().endswith("4,900/10,000  about 3 min left  ")


def test_a_pipe_sees_nothing() -> None:
    pipe = io.StringIO()
    line = ProgressLine("v3 on openers", Clock(), pipe)
    line.show(1, 2)
    line.count(3)
    line.close()
    assert pipe.getvalue() == ""


@pytest.mark.parametrize("columns", [20, 40, 60, 140])
def test_the_line_never_wraps(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    clock, terminal = Clock(), Terminal()
    line = ProgressLine("a-client-with-a-long-name/顧客_v3 on openers: writing", clock, terminal)
    for done in range(0, 5_000, 100):
        line.show(done, 10_000, "a note of some length")
        clock.now += 4
    line.count(12_000)
    line.say("reading a-file-with-a-very-long-name-that-goes-on-and-on.jsonl")
    shown = terminal.getvalue().split("\r\x1b[K")
    assert max(map(display_width, shown)) < columns
    assert "4,900/10,000" in shown[-3], "the count outlives the title"
    assert ("█" in shown[-3]) == (columns == 140)


def test_a_line_that_just_fits_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    title = "v3 on openers: weighing"
    monkeypatch.setenv("COLUMNS", str(len(f"{title} {'█' * 20} 16/16") + 1))
    terminal = Terminal()
    ProgressLine(title, Clock(), terminal).show(16, 16)
    assert terminal.getvalue().endswith(f"{title} {'█' * 20} 16/16")


def test_a_kind_of_which_little_was_done_counts_with_its_own_cost() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.expect("short", 100), left.expect("long", 100)
    for kind, seconds in [("short", 1.0)] * 20 + [("long", 10.0)] * 2:
        clock.now += seconds
        left.did(kind, 1, seconds)
    assert left.seconds() == pytest.approx(80 * 1.0 + 98 * 10.0, rel=0.05)


@pytest.mark.parametrize("busy", [8, 6])
def test_workers_beside_each_other_divide_the_time_as_far_as_they_are_busy(busy: int) -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.expect("text", 10_000)
    for _ in range(2_000):
        clock.now += 1.0 / busy
        left.did("text", 1, 1.0)
    assert left.seconds() == pytest.approx(8_000 / busy, rel=0.05)


def test_a_kind_that_was_never_done_costs_what_it_was_guessed_to_beside_the_others() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.expect("short", 50, guess=10), left.expect("long", 50, guess=100)
    for _ in range(50):
        clock.now += 1.0
        left.did("short", 1, 1.0)
    assert left.seconds() == pytest.approx(500)


def test_loading_is_no_part_of_what_a_text_costs() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.expect("text", 101)
    left.begin(0, Counter(text=101), loading=True)
    clock.now += 300
    left.did("text", 1, 300.0, batch=0)
    for _ in range(10):
        clock.now += 1.0
        left.did("text", 1, 1.0, batch=0)
    assert left.seconds() == pytest.approx(90)


def test_a_machine_that_slows_down_is_believed_after_some_minutes() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.expect("text", 1_000)
    for seconds in [0.5] * 400 + [2.0] * 100:
        clock.now += seconds
        left.did("text", 1, seconds)
    assert left.seconds() == pytest.approx(500 * 2.0, rel=0.05)


def test_what_follows_the_work_is_added() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.expect("text", 20)
    left.afterwards = 60.0
    assert left.seconds() is None
    for _ in range(11):
        clock.now += 1.0
        left.did("text", 1, 1.0)
    assert left.seconds() == pytest.approx(69)


def test_the_line_says_the_time_left_that_it_is_given() -> None:
    clock, terminal = Clock(), Terminal()
    line, left = ProgressLine("v3 on openers: writing", clock, terminal), TimeLeft(clock)
    left.expect("text", 1_000)
    for done in range(1, 11):
        clock.now += 1.0
        left.did("text", 1, 1.0)
        line.show(done, 1_000, time_left=left)
    assert "about 16 min left" in terminal.getvalue()
