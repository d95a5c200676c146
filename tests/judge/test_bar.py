"""The bar that moved since the last promotion is named."""

from __future__ import annotations

from dataclasses import replace

from harness.judge import verdict
from harness.judge.bar import moved_bar
from harness.records import Benchmark, MetricRule, Policy

from .builders import LIKELIHOOD_GATE, run

NOW = Benchmark("outreach", "outreach", (), "9f3c1a", metrics=LIKELIHOOD_GATE)


def then():
    side = run("v1", [0.8] * 25, [0.5] * 25)
    return verdict(side, side, Policy(), metrics=LIKELIHOOD_GATE)


def test_the_same_bar_is_not_worth_a_word() -> None:
    assert moved_bar(then(), NOW) == ()


def test_margins_roles_and_constants_are_named_with_both_values() -> None:
    wider = (
        MetricRule("ideal_likelihood", "gate", 0.3),
        MetricRule("edit_similarity", "report"),
        LIKELIHOOD_GATE[2],
    )
    moved = moved_bar(then(), replace(NOW, metrics=wider, policy=Policy(alpha=0.2)))
    assert moved == (
        "the bar moved: the margin of ideal_likelihood: 0.03 then, 0.3 now",
        "the bar moved: edit_similarity: guard then, report now",
        "the bar moved: [policy] alpha: 0.05 then, 0.2 now",
    )
