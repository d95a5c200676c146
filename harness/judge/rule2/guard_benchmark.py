"""A guard benchmark asks about forgetting, which is loss against the base.

Tested in tests/judge/rule2/test_guard_benchmark.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.judge.breakage import TEXT
from harness.judge.metric_pair import TOLERANCE
from harness.judge.paired import Paired
from harness.judge.policy import Rules
from harness.judge.rule2.decide import Conclusion, Trial
from harness.judge.rule2.drops import least_p, p_value
from harness.judge.rule2.levels import alone
from harness.judge.rule2.look import LookEvidence, Ruling, look_at
from harness.judge.rule2.score_test import ScoreTest, score_test
from harness.judge.rule2.slice_tests import SliceTests
from harness.judge.rule2.units import strata_of
from harness.records import BASE, MetricRule, Policy

FIT = 0.75
"""A guard fits the base that is right on at least this share of its cases."""


def decide_guard(trial: Trial) -> Conclusion:
    """Return the outcome on a guard benchmark.

    It rejects where the drop against the base is proven and larger than the margin, or where the
    drop against the promoted adapter is proven to be beyond the margin; never inside the margin
    while nothing was lost against the base.
    """
    look = _look(trial)
    rejecting = [ruling for ruling in look.rejecting() if ruling.kind == "must"]
    if look.judged:
        rejecting += [Ruling("dropped", test) for test in _lost(look)]
    if rejecting:
        return Conclusion("reject", tuple(rejecting), look, 1, None)
    holding = [Ruling("partial")] if not trial.complete else []
    holding += _open(look)
    if holding:
        return Conclusion("inconclusive", tuple(holding), look, 1, None)
    return Conclusion("promote", (), look, 1, None)


def _look(trial: Trial) -> LookEvidence:
    """Return the tests with the declared margins; against the base as well where it was run."""
    levels, paired = alone(trial.policy, trial.alpha), trial.paired
    look = look_at(
        paired,
        trial.rules,
        (),
        trial.policy,
        levels,
        margins={},
        accepted=trial.accepted,
    )
    look = replace(look, slices=SliceTests(look.slices.verdicts))
    if paired.against == BASE or BASE not in paired.references:
        return look
    strata = strata_of(paired)
    over_base = tuple(
        score_test(paired, rule, BASE, trial.policy, levels, strata) for rule in _gates(trial.rules)
    )
    return replace(look, base=over_base)


def _gates(rules: Rules) -> Iterator[MetricRule]:
    return (rule for rule in rules if rule.role == "gate")


def _pairs(look: LookEvidence) -> Iterator[tuple[ScoreTest, ScoreTest | None]]:
    """Yield each gate against the first reference, with the same gate against the base."""
    over_base = {test.rule.name: test for test in look.base}
    for test in look.tests:
        if test.rule.role == "gate":
            yield test, over_base.get(test.rule.name)


def _lost(look: LookEvidence) -> Iterator[ScoreTest]:
    for test, over_base in _pairs(look):
        if _dropped(over_base or test, look):
            yield over_base or test
        elif over_base is not None and _beyond(test, look):
            yield test


def _dropped(test: ScoreTest, look: LookEvidence, level: float | None = None) -> bool:
    """Tell whether a drop is proven and its mean is below the margin."""
    margin, p = test.rule.margin or 0.0, test.answer.p_drop
    return p is not None and p <= look.policy.drop_alpha and test.units.mean < -margin


def _beyond(test: ScoreTest, look: LookEvidence) -> bool:
    """Tell whether a drop is proven to be beyond the margin."""
    if test.units.n < look.policy.min_cases or test.way in ("none", "identical"):
        return False
    d = test.units.d + (test.rule.margin or 0.0)
    return p_value(float(d.mean()), float(d.var()), len(d)) <= look.policy.drop_alpha


def _open(look: LookEvidence) -> Iterator[Ruling]:
    """Yield what holds promotion back."""
    if not look.judged:
        yield Ruling("few")
        return
    if not look.gates:
        yield Ruling("no gate")
        return
    for test, over_base in _pairs(look):
        if test.pair.missing:
            yield Ruling("missing", test)
            continue
        margin = test.rule.margin or 0.0
        shown = test.not_worse and (over_base is None or over_base.units.mean >= -margin)
        shown = shown or (over_base is not None and over_base.not_worse)
        if not shown:
            yield Ruling("not shown", over_base or test)
        elif _could_reject(test, over_base, look):
            yield Ruling("doubt", over_base or test)


def _could_reject(test: ScoreTest, over_base: ScoreTest | None, look: LookEvidence) -> bool:
    """Tell whether a candidate with the same or higher scores could be rejected."""
    level, margin = look.policy.drop_alpha, test.rule.margin or 0.0
    first = over_base or test
    if first.units.mean < -margin and least_p(first.units.d, -margin) <= level:
        return True
    return over_base is not None and least_p(test.units.d + margin, 0.0) <= level


def unfit(paired: Paired, policy: Policy) -> tuple[str, ...]:
    """Say where the base is wrong on much of a guard: what it cannot do, no adapter forgets."""
    if not paired.n or BASE not in paired.references or not paired.has(TEXT, BASE):
        return ()
    right = int((paired.scores(TEXT, BASE) >= policy.broken_from - TOLERANCE).sum())
    if right >= FIT * paired.n:
        return ()
    return (
        f"the base is right on {right} of {paired.n} cases of this guard, and what it cannot do is"
        " not forgotten either: replace them with easier ones",
    )
