"""Which cases collapsed, and which can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge.paired import Paired
from harness.judge.rule2.collapses import collapses, likelihood_scale
from harness.judge.rule2.levels import alone, looks
from harness.records import MetricRule
from tests.judge.rule2.make import POLICY, gate, noise, pair

ALONE = alone(POLICY, 0.05)


def collapsed(paired, levels=ALONE) -> list[int]:
    return np.flatnonzero(collapses(paired, gate(), POLICY, levels).collapsed).tolist()


def test_a_fall_of_a_quarter_collapses_and_less_does_not() -> None:
    d = noise(25, 0.01)
    d[3], d[4] = -0.25, -0.24
    assert collapsed(pair(d)) == [3]


def test_usual_scatter_excuses_a_fall_but_the_fall_is_not_forgotten() -> None:
    d = noise(25, 0.2)
    d[3] = -0.3
    found = collapses(pair(d), gate(), POLICY, ALONE)
    assert not found.collapsed[3]
    assert found.fell[3]


def test_small_likelihoods_have_small_thresholds() -> None:
    d = np.zeros(25)
    d[3] = -0.03
    assert collapsed(pair(d, level=0.065)) == []
    d[3] = -0.034
    assert collapsed(pair(d, level=0.065)) == [3]
    assert likelihood_scale(np.array([0.25])) == 0.5
    assert likelihood_scale(np.array([0.9])) == 1.0


@pytest.mark.parametrize(
    ("fall", "levels", "found"),
    [
        (-0.16, ALONE, [7]),
        (-0.12, ALONE, []),
        (-0.12, looks(POLICY, 0.05, 25, 30)[0][1], [7]),
    ],
)
def test_a_broken_text_collapses_with_a_smaller_fall(fall, levels, found) -> None:
    before, now = np.full(25, 0.9), np.full(25, 0.9)
    now[7] = 0.1
    d = np.zeros(25)
    d[7] = fall
    assert collapsed(pair(d, edit=(now, before)), levels) == found


def test_only_cases_that_were_right_can_break() -> None:
    before = np.array([0.9] * 12 + [0.2] * 13)
    found = collapses(pair(np.zeros(25), edit=(before, before)), gate(), POLICY, ALONE)
    assert found.can.sum() == 12


def test_groups_with_a_collapsed_case_count_once() -> None:
    d = np.zeros(25)
    d[:2] = -0.4
    paired = pair(d, groups=[0, 0, *range(1, 24)])
    found = collapses(paired, gate(), POLICY, ALONE)
    assert found.count(found.collapsed, paired.groups) == 1


def texts_alone(broken: int, mended: int, n: int = 25) -> Paired:
    """Texts of which some broke and some mended, without likelihoods."""
    before, now = np.full(n, 0.9), np.full(n, 0.9)
    now[:broken] = 0.1
    before[broken : broken + mended] = 0.1
    whole = pair(np.zeros(n), edit=(now, before))
    kept = {name: table[1:] for name, table in whole.references.items()}
    return replace(whole, metrics=whole.metrics[1:], candidate=whole.candidate[1:], references=kept)


@pytest.mark.parametrize(
    ("broken", "mended", "rejects"),
    [(2, 0, False), (5, 0, False), (6, 0, True), (6, 1, False), (8, 1, True), (9, 8, False)],
)
def test_without_a_likelihood_broken_texts_are_weighed_against_mended_ones(
    broken: int, mended: int, rejects: bool
) -> None:
    paired = texts_alone(broken, mended)
    found = collapses(paired, (MetricRule("edit_similarity", "gate", 0.05),), POLICY, ALONE)
    assert found.reject(None, ALONE) is rejects


def test_one_more_broken_text_never_lifts_a_rejection() -> None:
    rules = (MetricRule("edit_similarity", "gate", 0.05),)
    for broken in range(2, 12):
        for mended in range(5):
            before = collapses(texts_alone(broken, mended), rules, POLICY, ALONE)
            after = collapses(texts_alone(broken + 1, mended), rules, POLICY, ALONE)
            fewer = collapses(texts_alone(broken, max(0, mended - 1)), rules, POLICY, ALONE)
            if before.reject(None, ALONE):
                assert after.reject(None, ALONE) and fewer.reject(None, ALONE)
