import numpy as np

from harness.judge import verdict
from harness.records import Policy

from .builders import LIKELIHOOD_GATE, metric_of, run, words_of

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


def test_a_prompt_that_does_as_well_is_a_warning_and_decides_nothing():
    sides = (scored("v1", 0.5), None, POLICY)
    base = scored("base", 0.3, edit=0.3)
    warned = verdict(*sides, metrics=GATE, base=base, prompted=scored("base+prompt", 0.6, edit=0.9))
    assert warned.outcome == "promote"
    assert "a prompt would have done" in words_of(warned)
    nearly = verdict(*sides, metrics=GATE, base=base, prompted=scored("base+prompt", 0.5))
    assert "a good prompt does nearly as well" in words_of(nearly)
    clear = verdict(*sides, metrics=GATE, base=base, prompted=scored("base+prompt", 0.4))
    assert "prompt d" not in words_of(clear)
    assert "worth it? ideal likelihood +0.2" in words_of(clear)


def test_with_a_promoted_adapter_the_base_is_only_mentioned():
    result = verdict(
        scored("v2", 0.5), scored("v1", 0.5), POLICY, metrics=GATE, base=scored("base", 0.6)
    )
    assert result.outcome == "promote"
    assert "worth it? ideal likelihood −0.099 [" in words_of(result)


def test_a_base_run_of_another_benchmark_version_is_named_and_left_out():
    other = run("base", [0.8] * N, [0.3] * N, fingerprint="old")
    result = verdict(scored("v2", 0.5), scored("v1", 0.5), POLICY, metrics=GATE, base=other)
    assert result.outcome == "promote"
    assert "not compared with base" in words_of(result)


def test_with_neither_promoted_nor_base_nothing_can_be_said():
    result = verdict(scored("v1", 0.5), None, POLICY, metrics=GATE)
    assert result.outcome == "inconclusive"
    assert result.advice == (
        "evaluate the base on this benchmark first: lora-harness evaluate base",
    )
