"""The findings as the frozen records that are stored, shown and recomputed.

Nothing is decided here; a number that cannot be had is None, never NaN.
"""

from __future__ import annotations

from harness.judge.evidence import Evidence
from harness.judge.metric_test import Standing
from harness.records import LOWER_IS_BETTER, MetricVerdict, State


def metric_verdicts(evidence: Evidence) -> tuple[MetricVerdict, ...]:
    """One line per metric and reference, gates first as the rules have them."""
    every = (*evidence.standings, *evidence.pinned)
    return tuple(_metric_verdict(standing, evidence) for standing in every)


def _metric_verdict(s: Standing, evidence: Evidence) -> MetricVerdict:
    seen = s.sides.n > 0
    turned = s.rule.name in LOWER_IS_BETTER
    low, high = s.answer.interval or (None, None)
    if turned and low is not None and high is not None:
        low, high = -high, -low
    reference = float(s.sides.before.mean()) if seen else None
    candidate = float(s.sides.now.mean()) if seen else None
    difference = float((s.sides.now - s.sides.before).mean()) if seen else None
    return MetricVerdict(
        name=s.rule.name,
        role=s.rule.role,
        against=s.against,
        margin=s.rule.margin,
        reference=reference,
        candidate=candidate,
        difference=difference,
        low=low,
        high=high,
        p_drop=s.answer.p_drop,
        state=_state(s, evidence),
        n=s.sides.n,
        changed=s.sides.rose + s.sides.fell,
        counts=_counts(s),
        risk=s.answer.risk,
        certifiable_margin=s.answer.certifiable,
        cases_needed=s.answer.needed,
        sampling=s.sampling,
    )


def _state(s: Standing, evidence: Evidence) -> State:
    if s.way == "identical":
        return "identical"
    if s.better:
        return "better"
    if s.not_worse:
        return "not worse"
    if s in evidence.dropped or _report_dropped(s, evidence):
        return "worse"
    return "open"


def _report_dropped(s: Standing, evidence: Evidence) -> bool:
    """Outside the family that may reject, a drop is stated at the same level by itself."""
    apart = s.rule.role == "report" or s.against == "pinned"
    p = s.answer.p_drop
    return apart and p is not None and p <= evidence.policy.holm_alpha


def _counts(s: Standing) -> dict[str, int] | None:
    if s.way not in ("counts", "binary"):
        return None
    rose, fell = s.sides.rose, s.sides.fell
    return {"rose": rose, "fell": fell, "same": s.sides.n - rose - fell}
