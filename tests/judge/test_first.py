import numpy as np

from harness.records import Policy
from tests.judge.rule1.ways import verdict

from .builders import LIKELIHOOD_GATE, metric_of, run

POLICY = Policy()
N = 25
NOISE = np.random.default_rng(0).normal(0, 0.02, N)
GATE = LIKELIHOOD_GATE[:1]


def scored(name, likelihood, edit=0.8):
    return run(name, [edit] * N, list(likelihood + NOISE * len(name) / 5))


def test_the_first_adapter_is_promoted_when_it_beats_the_base():
    result = verdict(
        scored("v1", 0.5), None, POLICY, metrics=GATE, base=scored("base", 0.3, edit=0.3)
    )
    assert result.outcome == "promote"
    assert result.promoted is None
    assert metric_of(result, "ideal_likelihood", "base").state == "better"
    assert result.runs == {"candidate": "run-v1", "base": "run-base"}


def test_as_good_as_the_base_is_not_enough_for_a_first_adapter():
    result = verdict(scored("v1", 0.3), None, POLICY, metrics=GATE, base=scored("base", 0.3))
    assert result.outcome == "inconclusive"
    assert "not shown to be better than the base" in result.reasons[0]


def test_as_good_as_the_base_is_enough_on_a_guard_benchmark():
    sides = (scored("v1", 0.3), None, POLICY)
    base = scored("base", 0.3)
    assert verdict(*sides, metrics=GATE, base=base, guard=True).outcome == "promote"


def test_with_neither_promoted_nor_base_nothing_can_be_said():
    result = verdict(scored("v1", 0.5), None, POLICY, metrics=GATE)
    assert result.outcome == "inconclusive"
    assert result.advice == (
        "evaluate the base on this benchmark first: lora-harness evaluate base",
    )
