"""The margin that a gate is tested with: never larger than what there is to lose.

Tested in tests/judge/rule2/test_margin.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.judge.intervals import is_binary
from harness.judge.metric_pair import TOLERANCE, metric_pair, upwards
from harness.judge.paired import Paired
from harness.records import BASE, MarginSource, MetricRule, Policy


@dataclass(frozen=True, slots=True)
class UsedMargin:
    """The margin of a gate, and where it comes from."""

    value: float
    declared: float
    source: MarginSource
    gain: float | None
    """Mean gain of the reference over the base, better upwards; None where it is unknown."""


def used_margin(paired: Paired, rule: MetricRule, policy: Policy) -> UsedMargin:
    """Return the margin of a gate against the first reference.

    On a task whose likelihoods are small, a fixed margin can be more than the whole gain: then the
    plain base would pass for not worse.
    """
    declared = rule.margin or 0.0
    if BASE not in paired.references or paired.against == BASE:
        return UsedMargin(declared, declared, "unknown", None)
    pair = metric_pair(paired, rule.name, paired.against)
    base = paired.scores(rule.name, BASE)
    reference = paired.scores(rule.name, paired.against)
    gains = upwards(reference, rule.name) - upwards(base, rule.name)
    gains = gains[gains == gains]
    if not len(gains):
        return UsedMargin(declared, declared, "unknown", None)
    gain = float(gains.mean())
    if is_binary(pair.now, pair.before):
        return UsedMargin(declared, declared, "declared", gain)
    if gain <= TOLERANCE:
        return UsedMargin(declared, declared, "none", gain)
    share = policy.margin_share * gain
    if share < declared - TOLERANCE:
        return UsedMargin(share, declared, "gain", gain)
    return UsedMargin(declared, declared, "declared", gain)
