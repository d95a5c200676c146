"""Positions in a chart."""

import pytest

from harness.render.report.drawing import EDGE, Scale, dot, word


@pytest.mark.parametrize(("value", "place"), [(0.0, EDGE), (1.0, 100 - EDGE), (0.5, 50.0)])
def test_a_scale_uses_the_whole_width(value, place):
    assert Scale.over([0.0, 1.0, None]).at(value) == pytest.approx(place)


def test_what_lies_outside_is_drawn_at_the_edge():
    assert Scale(0.0, 1.0).at(7.0) == 100 - EDGE
    assert Scale(0.0, 1.0).at(-7.0) == EDGE


@pytest.mark.parametrize("values", [[], [None], [0.0], [0.3, 0.3]])
def test_a_scale_is_never_of_no_width(values):
    scale = Scale.over(values)
    assert scale.low < scale.high
    assert EDGE <= scale.at(0.3) <= 100 - EDGE


def test_figures_at_the_edges_stay_inside():
    scale = Scale(0.0, 1.0)
    assert 'text-anchor="start"' in word(scale, 0.0, "0")
    assert 'text-anchor="end"' in word(scale, 1.0, "1")
    assert 'text-anchor="middle"' in word(scale, 0.5, "½")
    assert 'cx="50.00%"' in dot(scale, 0.5, "before")
