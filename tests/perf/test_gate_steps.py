"""The steps of a gate share its seconds out: none is counted twice, and none is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gate_steps import Gate, StepClock


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 10.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock(hands: Hands) -> StepClock:
    return StepClock(7.0, hands)


def test_the_time_before_the_first_step_is_the_start(clock: StepClock) -> None:
    with clock.step("load"):
        pass
    assert clock.seconds == {"start": 3.0, "load": 0.0}


def test_a_step_within_a_step_takes_its_time_away_from_it(clock: StepClock, hands: Hands) -> None:
    with clock.step("write"):
        hands.at += 1
        with clock.step("read"):
            hands.at += 5
        hands.at += 2
    assert (clock.seconds["write"], clock.seconds["read"]) == (3, 5)


def test_after_the_base_is_loaded_the_rest_is_judging(clock: StepClock, hands: Hands) -> None:
    with clock.step("load"):
        hands.at += 1
    clock.outside("judge")
    hands.at += 4
    clock.stop()
    assert clock.seconds["judge"] == 4


def test_all_steps_together_are_the_whole_time(clock: StepClock, hands: Hands) -> None:
    with clock.step("load"):
        hands.at += 1.5
    clock.outside("judge")
    with clock.step("weigh"), clock.step("mount"):
        hands.at += 2.5
    hands.at += 3
    clock.stop()
    assert sum(clock.seconds.values()) == hands.at - 7.0


def test_a_step_that_fails_is_counted_and_left(clock: StepClock, hands: Hands) -> None:
    def fail() -> None:
        with clock.step("write"):
            hands.at += 2
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert (clock.current, clock.seconds["write"]) == ("start", 2)


def test_reading_that_proves_the_mount_is_mounting(clock: StepClock, hands: Hands) -> None:
    def took(seconds: float) -> Callable[[], None]:
        def work() -> None:
            hands.at += seconds

        return work

    reads = Gate(clock)._within("read", took(2))
    reads()
    with clock.step("mount"):
        reads()
    assert (clock.seconds["read"], clock.seconds["mount"]) == (2, 2)
