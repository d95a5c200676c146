"""Slices that lost more than the margin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from harness.judge.rule2.levels import alone, beside_finals
from harness.judge.rule2.look import look_at
from tests.judge.rule2.make import POLICY, gate, noise, pair

KINDS = [[f"kind={i % 5}"] for i in range(25)]


def look(d, levels=None, slices=KINDS):
    return look_at(pair(d, slices=slices), gate(), gate(), POLICY, levels or alone(POLICY, 0.05))


def test_a_slice_far_below_the_margin_rejects() -> None:
    d = noise(25, 0.03)
    d[np.arange(25) % 5 == 2] -= 0.15
    found = look(d).slices
    assert found.lost == ("kind=2",)
    assert found.worst is not None
    assert found.worst.name == "kind=2"


def test_the_statistic_is_that_of_the_formula() -> None:
    d = noise(25, 0.03)
    d[np.arange(25) % 5 == 2] -= 0.05
    found = look(d)
    own = d[np.arange(25) % 5 == 2]
    within = found.tests[0].units.within()
    square = (4 * within.se**2 * 25 + ((own - own.mean()) ** 2).sum()) / (5 + 3)
    p = t.cdf((own.mean() + 0.03) / math.sqrt(square / 5), within.df)
    assert next(v for v in found.slices.verdicts if v.name == "kind=2").p == pytest.approx(
        min(1.0, 5 * p)
    )


def test_a_slice_inside_the_margin_neither_rejects_nor_holds() -> None:
    d = noise(25, 0.01)
    d[np.arange(25) % 5 == 2] = -0.025
    found = look(d).slices
    assert (found.lost, found.doubtful) == ((), ())


def test_small_slices_are_named_and_not_judged() -> None:
    d = noise(25, 0.01)
    d[:4] = -0.2
    slices = [["kind=few"] if i < 4 else ["kind=rest"] for i in range(25)]
    found = look(d, slices=slices).slices
    assert found.lost == ()
    assert next(v for v in found.verdicts if v.name == "kind=few").p is None


def test_slices_are_off_where_the_finals_watch_them() -> None:
    d = noise(25, 0.03)
    d[np.arange(25) % 5 == 2] -= 0.15
    assert look(d, beside_finals(POLICY, 0.05)).slices.lost == ()
