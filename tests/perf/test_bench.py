"""The benchmark measures all that it has a part for, and gives no figure that noise made."""

from __future__ import annotations

import inspect

import bench_rows
from bench import markdown
from bench_rows import Row, compared_row, made_and_least
from pairs import Comparison, Pair, Turn
from sweep_speed import SweepParts, against_parts


def pairs(*ratios: float, noise: float = 0.01) -> Comparison:
    return Comparison(tuple(Pair(ratio, 1.0, noise) for ratio in ratios))


def test_every_part_that_is_written_is_measured_and_can_be_asked_for_alone() -> None:
    written = {
        name: function
        for name, function in vars(bench_rows).items()
        if inspect.isfunction(function) and function.__annotations__.get("return") == "Rows"
    }
    assert written == bench_rows.PARTS


def test_a_row_has_the_ratio_with_its_spread_and_says_whether_the_goal_is_kept() -> None:
    row = compared_row("sweep", pairs(1.0, 1.05, 1.1), goal=1.1, says="three rounds")
    assert row.cells == (
        "sweep", "1.1 s", "1.0 s", "1.05 (1.00 to 1.10)", "at most 1.1: kept; three rounds",
    )  # fmt: skip


def test_a_row_of_a_noisy_machine_has_no_figure_and_no_word_on_the_goal() -> None:
    row = compared_row("sweep", pairs(1.0, 1.05, noise=0.5), goal=1.1, says="1.05 of it")
    assert row.cells == ("sweep", "", "", "too noisy to tell: fixed work varied by 50%",
                         "at most 1.1")  # fmt: skip


def test_each_adapter_is_held_against_the_roofline_of_its_own_minute() -> None:
    adapters = [
        {"made": 2.0, "least": 1.0, "noise": 0.0},
        {"made": 8.0, "least": 4.0, "noise": 0.1},
        {"made": 3.0, "least": 1.0, "noise": 0.2},
    ]
    found = made_and_least(adapters)
    assert (found.ratio.middle, found.too_noisy) == (2.0, "")


def test_a_sweep_is_held_against_its_parts_with_the_noise_of_all_that_while() -> None:
    parts = SweepParts(adapters=8, swept=26.4, load=8.0, made=2.0, spent=25.0, noise=0.3)
    found = against_parts([Turn(parts, 1.0, 1.0)])
    assert round(found.ratio.middle, 6) == 1.1
    assert found.too_noisy == "too noisy to tell: fixed work varied by 30%"


def test_the_table_is_markdown() -> None:
    head, rule, line = markdown([Row("cold", "5.0 s", "8 s", "0.62", "kept")])
    assert head.count("|") == rule.count("|") == line.count("|") == 6
    assert line == "| cold | 5.0 s | 8 s | 0.62 | kept |"
