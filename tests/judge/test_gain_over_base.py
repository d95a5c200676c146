"""What fine-tuning gained is said with its interval, and never decides."""

import numpy as np
import pytest

from harness.records import Policy
from tests.judge.rule1.ways import verdict

from .builders import LIKELIHOOD_GATE, run, words_of

POLICY = Policy()
N = 25
NOISE = np.random.default_rng(0).normal(0, 0.02, N)
GATE = LIKELIHOOD_GATE[:1]


def scored(name, likelihood, edit=0.8, **more):
    return run(name, [edit] * N, list(likelihood + NOISE * len(name) / 5), **more)


def judged(likelihood=0.5, *, base=None, prompted=None, metrics=GATE, **more):
    """An adapter as good as the promoted one, beside bases of these likelihoods."""
    return verdict(
        scored("v2", likelihood),
        scored("v1", likelihood),
        POLICY,
        metrics=metrics,
        base=None if base is None else scored("base", base),
        prompted=None if prompted is None else scored("base+prompt", prompted),
        **more,
    )


def beside(result, against):
    return next(each for each in result.worth if each.against == against)


def test_every_verdict_says_what_was_gained_over_base_and_over_a_prompt():
    found = judged(base=0.3, prompted=0.4)
    over_base, over_prompt = found.worth
    assert (over_base.against, over_prompt.against) == ("base", "base+prompt")
    assert over_base.gain == pytest.approx(0.2, abs=0.01)
    assert over_prompt.gain == pytest.approx(0.1, abs=0.02)
    for each in found.worth:
        assert each.low < each.gain < each.high
        assert (each.n, each.metric, each.state, each.says) == (N, GATE[0].name, "better", "")


def test_a_base_that_was_not_run_is_no_zero():
    assert judged().worth == ()
    assert [each.against for each in judged(prompted=0.4).worth] == ["base+prompt"]


@pytest.mark.parametrize(
    ("prompted", "says"),
    [
        (0.6, "a prompt would do better"),
        (0.5, "a prompt would do"),
        (0.4, ""),
    ],
)
def test_where_the_adapter_is_not_better_than_the_prompt_it_says_so(prompted, says):
    assert beside(judged(base=0.3, prompted=prompted), "base+prompt").says == says


def test_an_open_question_is_not_called_a_gain():
    wide = list(0.48 + np.random.default_rng(3).normal(0, 0.15, N))
    found = verdict(scored("v2", 0.5), scored("v1", 0.5), POLICY, metrics=GATE,
                    prompted=run("base+prompt", [0.8] * N, wide))  # fmt: skip
    (only,) = found.worth
    assert (only.state, only.says) == ("open", "as far as these cases show, a prompt would do")


def test_a_better_prompt_decides_nothing():
    assert judged(base=0.9, prompted=0.9).outcome == judged().outcome == "promote"
    assert beside(judged(base=0.9), "base").says == "worse than the base without any adapter"


def test_gates_come_first_and_reports_are_not_asked():
    found = judged(base=0.3, metrics=(*LIKELIHOOD_GATE[1:2], *LIKELIHOOD_GATE[:1]))
    assert [each.role for each in found.worth] == ["gate", "guard"]


def test_a_run_of_another_benchmark_version_is_named_and_left_out():
    other = scored("base", 0.3, fingerprint="old")
    found = verdict(scored("v2", 0.5), scored("v1", 0.5), POLICY, metrics=GATE, base=other)
    assert found.outcome == "promote"
    assert found.worth == ()
    assert "not compared with base" in words_of(found)


def guard_verdict(likelihood, base=0.7):
    return verdict(
        scored("v2", likelihood),
        scored("v1", likelihood),
        POLICY,
        metrics=GATE,
        base=scored("base", base),
        prompted=scored("base+prompt", 0.9),
        guard=True,
    )


def test_a_guard_is_compared_with_the_plain_base_only():
    assert [each.against for each in guard_verdict(0.7).worth] == ["base"]


def test_what_was_forgotten_stands_beside_the_gain():
    found = judged(base=0.3, guards=(guard_verdict(0.5),))
    (lost,) = found.forgetting
    assert (lost.against, lost.state, lost.says) == ("base", "worse", "it was lost")
    assert lost.gain == pytest.approx(-0.2, abs=0.02)
    (kept,) = judged(base=0.3, guards=(guard_verdict(0.7),)).forgetting
    assert (kept.state, kept.says) == ("not worse", "")
