import itertools

import numpy as np
import pytest

from harness.judge.rule1.slices import slice_losses
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict_from_paired

from ..builders import paired

POLICY = Policy()
RULES = (MetricRule("quality", "gate", 0.05),)
N = 25
FIVE = [[f"industry={i // 5}"] for i in range(N)]


def sides(d, slices, groups=None):
    before = np.full(len(d), 0.45)
    return paired({"quality": before + np.asarray(d)}, {"quality": before}, slices, groups)


def lost_one(loss=-0.3, seed=0):
    d = np.random.default_rng(seed).normal(0.0, 0.03, N)
    d[:5] += loss
    d[5:] -= loss / 4
    return d


def test_a_slice_lost_behind_a_mean_that_held_rejects_and_is_named_with_its_cases():
    verdict = verdict_from_paired(sides(lost_one(), FIVE), POLICY, RULES)
    assert abs(verdict.metrics[0].difference) < 0.02
    assert verdict.outcome == "reject"
    assert "slice industry=0 (5 cases) lost 0.299 on quality" in verdict.reasons[0]
    worst = verdict.slices[0]
    assert worst.name == "industry=0"
    assert worst.cases == tuple(f"case-{i:03d}" for i in range(5))


def test_the_chance_is_that_of_the_worst_slice_over_all_slices():
    d = np.round(lost_one(-0.04), 3)
    losses = slice_losses(sides(d, FIVE), "quality", POLICY)
    means = [d[i : i + 5].mean() for i in range(0, N, 5)]
    none = 1.0
    for i in range(0, N, 5):
        flips = [np.dot(s, d[i : i + 5]) / 5 for s in itertools.product((1, -1), repeat=5)]
        none *= 1 - np.mean([flip <= min(means) + 1e-9 for flip in flips])
    assert losses.worst.difference == pytest.approx(min(means))
    assert losses.worst.p == pytest.approx(1 - none)


def test_slices_that_share_cases_are_flipped_together():
    overlapping = [[f"industry={i // 5}", f"kind={i % 5}"] for i in range(N)]
    d = lost_one(-0.08)
    losses = slice_losses(sides(d, overlapping), "quality", POLICY)
    members = np.array(
        [[f"industry={s}" in o or f"kind={s - 5}" in o for o in overlapping] for s in range(10)]
    )
    flips = np.random.default_rng(1).choice([-1, 1], (50_000, N)) * d
    worst = (flips @ members.T / 5).min(axis=1)
    assert losses.worst.p == pytest.approx(np.mean(worst <= losses.worst.difference), abs=0.01)
    again = slice_losses(sides(d, overlapping), "quality", POLICY)
    assert again == losses, "the draws are seeded"


def test_slices_of_fewer_than_five_cases_are_shown_but_not_judged():
    small = [["rare=yes"] if i < 4 else [] for i in range(N)]
    d = np.zeros(N)
    d[:4], d[4:] = -0.2, 0.045
    verdict = verdict_from_paired(sides(d, small), POLICY, RULES)
    assert verdict.slices[0].p is None
    assert "slices with fewer than 5 cases are not judged: rare=yes" in verdict.notes
    assert not any("slice" in reason for reason in verdict.reasons)


def test_noise_in_slices_does_not_reject():
    rejected = 0
    for seed in range(200):
        d = np.random.default_rng(seed).normal(0, 0.05, N)
        rejected += slice_losses(sides(d, FIVE), "quality", POLICY).lost
    assert rejected / 200 <= 0.06


def test_a_fall_elsewhere_does_not_hide_a_lost_slice():
    d = np.concatenate([np.full(5, -0.2), np.full(20, 0.05)])
    assert slice_losses(sides(d, FIVE), "quality", POLICY).lost
    worse = d.copy()
    worse[5] = -0.45
    losses = slice_losses(sides(worse, FIVE), "quality", POLICY)
    assert losses.lost or "industry=0" in losses.doubtful


def test_groups_flip_as_one():
    d = np.concatenate([np.full(6, -0.2), np.full(18, 0.05)])
    slices = [[f"industry={i // 6}"] for i in range(24)]
    alone = slice_losses(sides(d, slices), "quality", POLICY)
    grouped = slice_losses(sides(d, slices, groups=[i // 3 for i in range(24)]), "quality", POLICY)
    assert alone.lost
    assert not grouped.lost, "two groups that fell are what a quarter of flips gives"
    assert grouped.worst.p >= 0.2


def test_many_large_overlapping_slices_are_judged_by_their_joint_normal():
    rng = np.random.default_rng(3)
    n = 3000
    slices = [[f"a={i % 5}", f"b={i % 7}"] for i in range(n)]
    d = rng.normal(0, 0.1, n)
    quiet = slice_losses(sides(d, slices), "quality", POLICY)
    d[::7] -= 0.05
    assert not quiet.lost
    assert slice_losses(sides(d, slices), "quality", POLICY).worst.name == "b=0"
    assert slice_losses(sides(d, slices), "quality", POLICY).lost
