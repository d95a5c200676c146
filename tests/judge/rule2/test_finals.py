"""What people sent: collapses may reject, the mean may only promote."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.rule2.finals import finals_evidence, most_collapsed
from tests.judge.rule2.make import POLICY, noise, sent


def lost(m: int, at: list[int], **more) -> object:
    x = noise(m, 0.02)
    x[at] = -0.3
    return finals_evidence(sent(x, **more), POLICY, 0.05)


@pytest.mark.parametrize(("m", "k"), [(100, 4), (160, 5), (200, 5)])
def test_the_count_that_rejects_is_that_of_the_formula(m: int, k: int) -> None:
    assert most_collapsed(m, POLICY) == k


@pytest.mark.parametrize(
    ("m", "k", "rejects", "covered"),
    [
        (200, 5, True, False),
        (200, 4, False, False),
        (200, 1, False, True),
        (200, 0, False, True),
        (160, 1, False, True),
        (120, 2, False, True),
        (120, 3, False, False),
        (99, 9, False, True),
    ],
)
def test_few_finals_decide_less(m: int, k: int, rejects: bool, covered: bool) -> None:
    found = lost(m, list(range(m - k, m)))
    assert (found.rejects, found.covered) == (rejects, covered)


def test_collapses_in_one_slice_reject_sooner() -> None:
    slices = [[f"kind={'terms' if i % 10 == 0 else 'other'}"] for i in range(200)]
    assert lost(200, [0, 10, 20], slices=slices).lost == ("kind=terms",)
    assert lost(200, [0, 11, 22], slices=slices).lost == ()


def test_older_collapses_alone_are_a_question_of_voice() -> None:
    assert lost(200, [1, 2, 3, 4, 5]).moved
    assert not lost(200, [1, 2, 3, 4, 150]).moved
    assert not lost(90, [1, 2, 3, 4, 5]).moved  # 45 newer ones are too few


def test_texts_of_one_moment_are_not_told_apart_by_time() -> None:
    x = noise(200, 0.02)
    x[:6] = -0.3
    found = finals_evidence(sent(x, at=["2026-01-01T00:00:00+00:00"] * 200), POLICY, 0.05)
    assert not found.moved


def test_the_newest_are_kept_and_missing_scores_are_no_zero() -> None:
    x = noise(260, 0.02)
    x[:40] = -0.5
    assert finals_evidence(sent(x), POLICY, 0.05).k == 0
    x[250] = np.nan
    assert finals_evidence(sent(x), POLICY, 0.05).finals.n == 200


def test_no_finals_are_no_evidence() -> None:
    assert finals_evidence(sent([]), POLICY, 0.05) is None
