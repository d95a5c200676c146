"""A guard benchmark asks about forgetting: loss against the base."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge.breakage import TEXT
from harness.judge.rule2.guard_benchmark import decide_guard, unfit
from harness.records import Policy
from tests.judge.rule2.make import noise, trial


def outcome(promoted: float, over_base: float | None, width: float = 0.02) -> str:
    """Mean difference against the promoted adapter, and against the base."""
    d = noise(20, width) + promoted
    base = None if over_base is None else over_base - promoted
    return decide_guard(trial(d, level=0.8, base=base, margin=0.05)).outcome


def test_a_re_seed_below_a_lucky_promoted_run_is_not_rejected() -> None:
    assert outcome(-0.045, -0.002) == "promote"


@pytest.mark.parametrize("over_base", [-0.08, -0.15])
def test_a_proven_loss_against_the_base_rejects(over_base: float) -> None:
    assert outcome(-0.001, over_base) == "reject"


def test_a_loss_beyond_the_margin_against_the_promoted_rejects() -> None:
    assert outcome(-0.1, 0.0) == "reject"


def test_nothing_lost_promotes_and_much_noise_is_open() -> None:
    assert outcome(0.0, 0.01) == "promote"
    assert outcome(-0.02, -0.02, width=0.2) == "inconclusive"


def test_without_a_run_of_the_base_the_promoted_adapter_is_all_there_is() -> None:
    assert outcome(0.0, None) == "promote"
    assert outcome(-0.1, None) == "reject"


def test_collapsed_cases_do_not_reject_a_guard() -> None:
    d = noise(20, 0.01)
    d[:2] = -0.3
    d[2:4] = 0.3
    assert decide_guard(trial(d, level=0.6, base=0.0, margin=0.05)).outcome != "reject"
    assert np.isfinite(d).all()


@pytest.mark.parametrize(("wrong", "said"), [(5, False), (6, True), (20, True)])
def test_a_guard_that_the_base_cannot_do_is_said_to_show_nothing(wrong: int, said: bool) -> None:
    like = trial(noise(20, 0.01), level=0.8, base=0.0, margin=0.05).paired
    texts = np.where(np.arange(20) < wrong, 0.2, 0.9)[None, :]
    paired = replace(
        like,
        metrics=(*like.metrics, TEXT),
        candidate=np.vstack([like.candidate, texts]),
        references={name: np.vstack([table, texts]) for name, table in like.references.items()},
    )
    assert bool(unfit(paired, Policy())) is said


@pytest.mark.parametrize("base", [0.0, None])
def test_without_texts_of_the_base_nothing_is_said_of_it(base: float | None) -> None:
    paired = trial(noise(20, 0.01), level=0.8, base=base, margin=0.05).paired
    assert unfit(paired, Policy()) == ()
