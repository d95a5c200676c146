"""The colours of the grid: one scale everywhere, readable by lightness alone."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from dashboard import heat


def parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return red, green, blue


def test_better_is_darker_at_every_step_so_that_no_colour_is_needed() -> None:
    light = [heat.luminance(parts(heat.shade(n / 100, "edit_similarity"))) for n in range(101)]
    assert all(one > other for one, other in pairwise(light))


def test_a_shade_means_the_same_score_for_every_metric_and_an_error_is_turned_round() -> None:
    assert heat.shade(0.7, "ideal_likelihood") == heat.shade(0.7, "a_teams_own")
    assert heat.shade(0.3, "edit_rate") == heat.shade(0.7, "ideal_likelihood")


@pytest.mark.parametrize("score", [n / 40 for n in range(41)])
def test_figures_stand_out_from_their_cell(score: float) -> None:
    ground, letters = re.findall(r"#[0-9A-F]{6}", heat.cell_style(score, "edit_similarity"))
    low, high = sorted((heat.luminance(parts(ground)), heat.luminance(parts(letters))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_a_missing_score_has_no_colour_and_one_beyond_the_scale_the_nearest() -> None:
    assert heat.cell_style(float("nan"), "edit_similarity") == ""
    assert heat.shade(1.7, "m") == heat.shade(1.0, "m")
    assert heat.shade(-3.0, "m") == heat.shade(0.0, "m")


def test_the_scale_says_in_words_which_end_is_the_best() -> None:
    assert "1, the best" in heat.scale("edit_similarity")
    assert "0, the best" in heat.scale("edit_rate")
