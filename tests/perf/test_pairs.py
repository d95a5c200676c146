"""Figures that were taken in turn: ratios, their spread, and the machine's noise."""

from __future__ import annotations

import pytest
from pairs import NOISY, Comparison, Pair, Turn, compared, in_turn, noise, spread


def comparison(*ratios: float, noise: float = 0.0) -> Comparison:
    return Comparison(tuple(Pair(ratio, 1.0, noise) for ratio in ratios))


def turns(*seconds: float, fixed: float = 1.0) -> list[Turn[float]]:
    return [Turn(one, fixed, fixed) for one in seconds]


def test_a_ratio_is_the_median_of_rounds_and_not_that_of_medians() -> None:
    # The machine slowed down between rounds: within each the first took half as long.
    found = compared(turns(1, 2, 30), turns(2, 4, 60))
    assert found.ratio.middle == 0.5
    crossed = compared(turns(1, 9, 5), turns(9, 1, 5))
    assert (crossed.ratio.middle, crossed.left / crossed.right) == (1.0, 1.0)
    assert crossed.ratio.low == pytest.approx(1 / 9)


def test_a_difference_is_taken_round_by_round_too() -> None:
    assert compared(turns(3, 4, 5), turns(2, 1, 4)).more.middle == 1


def test_few_rounds_show_all_from_lowest_to_highest() -> None:
    found = spread([3, 1, 2])
    assert (found.low, found.middle, found.high) == (1, 2, 3)
    assert found.told() == "2.00 (1.00 to 3.00)"


def test_one_round_has_no_spread_to_show() -> None:
    assert spread([1.25]).told() == "1.25"


def test_many_rounds_show_the_interval_of_the_median_without_the_farthest() -> None:
    found = spread([*range(1, 15), 1000])
    assert (found.low, found.middle, found.high) == (4, 8, 12)


@pytest.mark.parametrize(
    ("ratios", "says"),
    [
        ((0.9, 1.0, 1.1), "kept"),
        ((1.2, 1.3, 1.4), "missed"),
        ((1.0, 1.1, 1.2), "open: the spread lies on both sides"),
    ],
)
def test_a_goal_is_told_only_where_the_whole_spread_is_on_one_side(
    ratios: tuple[float, ...], says: str
) -> None:
    assert comparison(*ratios).ratio.reaches(1.1) == says


def test_noise_is_how_far_the_slowest_fixed_work_lies_above_the_fastest() -> None:
    assert noise(Turn("a", 1.0, 1.2), Turn("b", 1.1, 0.8)) == pytest.approx(0.5)
    assert noise(Turn("a", 1.0, 1.0)) == 0


def test_a_noisy_machine_is_said_and_a_quiet_one_is_not() -> None:
    assert comparison(1.0, noise=NOISY).too_noisy == ""
    assert comparison(1.0, noise=0.4).too_noisy == "too noisy to tell: fixed work varied by 40%"


def test_one_noisy_round_of_three_does_not_hide_the_figures() -> None:
    pairs = [Pair(1.0, 1.0, noise) for noise in (0.02, 0.9, 0.03)]
    assert Comparison(tuple(pairs)).too_noisy == ""


def test_things_take_turns_in_alternating_order_with_fixed_work_between_them() -> None:
    order, clock = list[str](), iter(range(100))

    def fixed() -> float:
        order.append("fixed")
        return float(next(clock))

    def action(name: str) -> float:
        order.append(name)
        return 1.0

    taken = in_turn({"a": lambda: action("a"), "b": lambda: action("b")}, 2, fixed)
    once = ["fixed", "a", "fixed", "b", "fixed"]
    back = ["fixed", "b", "fixed", "a", "fixed"]
    assert order == ["fixed", *once, *back]
    first, second = taken["a"]
    assert (first.before, first.after) == (1, 2)
    assert (second.before, second.after) == (5, 6)
    assert len(taken["b"]) == 2


def test_every_figure_is_shown_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    in_turn({"gate": lambda: 2.5}, 1, lambda: 0.125)
    assert "round 1, gate: 2.5; fixed work 0.125, 0.125 s" in capsys.readouterr().err
