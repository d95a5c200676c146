"""Units and how they scatter: within strata, which do not count as noise."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.metric_pair import metric_pair
from harness.judge.rule2.units import Units, strata_of, units_of
from tests.judge.rule2.make import LIKELIHOOD, noise, pair


def units(d, slices=None, groups=None) -> Units:
    paired = pair(d, slices=slices, groups=groups)
    return units_of(paired, metric_pair(paired, LIKELIHOOD, "promoted"), strata_of(paired))


def test_slices_that_differ_are_no_noise() -> None:
    d = noise(24, 0.01) + np.repeat([0.05, -0.05], 12)
    apart = units(d, [[f"kind={i // 12}"] for i in range(24)])
    assert apart.within().df == 22
    assert apart.within().se < apart.whole().se / 3


def test_the_scatter_within_strata_is_that_of_the_formula() -> None:
    d, kinds = noise(25, 0.04), np.arange(25) % 5
    squares = sum(((d[kinds == k] - d[kinds == k].mean()) ** 2).sum() for k in range(5))
    found = units(d, [[f"kind={k}"] for k in kinds]).within()
    assert found.se == pytest.approx(np.sqrt(squares / 20 / 25))
    assert found.df == 20


def test_too_few_cases_give_the_strata_up() -> None:
    d = noise(12, 0.04)
    assert units(d, [[f"kind={i % 4}"] for i in range(12)]).within().df == 11


def test_the_first_key_makes_the_strata_and_cases_alone_go_together() -> None:
    slices = [[f"kind={i % 2}", f"size={i % 3}"] for i in range(18)]
    slices += [["kind=only"], ["kind=lonely"], []]
    paired = pair(noise(21, 0.04), slices=slices)
    found = units_of(paired, metric_pair(paired, LIKELIHOOD, "promoted"), strata_of(paired))
    codes, df = found.dense_strata()
    assert len(set(codes[:18])) == 2
    assert len(set(codes[18:])) == 1
    assert df == 21 - 3


def test_groups_count_once_by_their_mean() -> None:
    found = units([0.1, 0.3, -0.2, 0.0, 0.4], groups=[0, 0, 1, 1, 2])
    assert found.d.tolist() == pytest.approx([0.2, -0.1, 0.4])
    assert found.mean == pytest.approx(0.5 / 3)
