"""The findings as the frozen records that are stored, shown and recomputed.

Nothing is decided here; a number that cannot be had is None, never NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.judge.evidence import Evidence
from harness.judge.metric_test import MetricTest
from harness.judge.paired import Flags
from harness.records import (
    LOWER_IS_BETTER,
    CaseChange,
    CaseResult,
    MetricVerdict,
    Run,
    State,
    Verdict,
)


def with_changes(
    verdict: Verdict,
    evidence: Evidence,
    accepted: Mapping[str, str],
    candidate: Run | None = None,
    reference: Run | None = None,
) -> Verdict:
    """The verdict with its changed cases; score files have no texts to show."""
    now, before = _by_case(candidate), _by_case(reference)
    found = evidence.breakage

    def changed(flags: Flags, accepted: Mapping[str, str]) -> tuple[CaseChange, ...]:
        indices = map(int, np.flatnonzero(flags))
        return tuple(_change(evidence, i, now, before, accepted) for i in indices)

    return replace(
        verdict,
        broken=changed(found.broken, accepted),
        fixed=changed(found.fixed, {}),
        reworded=changed(found.reworded, {}),
    )


def _change(
    evidence: Evidence,
    index: int,
    now: Mapping[str, CaseResult],
    before: Mapping[str, CaseResult],
    accepted: Mapping[str, str],
) -> CaseChange:
    paired, metric = evidence.paired, evidence.breakage.metric
    case = paired.cases[index]
    return CaseChange(
        case=case,
        critical=bool(paired.critical[index]),
        reference_score=float(paired.side(metric, paired.against)[index]),
        candidate_score=float(paired.side(metric)[index]),
        ideal=_ideal(now.get(case)),
        reference_text=_text(before.get(case)),
        candidate_text=_text(now.get(case)),
        accepted=accepted.get(case),
    )


def _by_case(run: Run | None) -> dict[str, CaseResult]:
    return {} if run is None else {result.case.id: result for result in run.results}


def _text(result: CaseResult | None) -> str:
    return "" if result is None else result.text


def _ideal(result: CaseResult | None) -> str:
    """The ideal that the candidate came closest to."""
    if result is None or not result.case.ideals:
        return ""
    best = result.best_ideals.get("edit_similarity", 0)
    return result.case.ideals[best if 0 <= best < len(result.case.ideals) else 0]


def metric_verdicts(evidence: Evidence) -> tuple[MetricVerdict, ...]:
    """One line per metric and reference, gates first as the rules have them."""
    every = (*evidence.standings, *evidence.pinned)
    return tuple(_metric_verdict(standing, evidence) for standing in every)


def _metric_verdict(s: MetricTest, evidence: Evidence) -> MetricVerdict:
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


def _state(s: MetricTest, evidence: Evidence) -> State:
    if s.way == "identical":
        return "identical"
    if s.better:
        return "better"
    if s.not_worse:
        return "not worse"
    if s in evidence.dropped or _report_dropped(s, evidence):
        return "worse"
    return "open"


def _report_dropped(s: MetricTest, evidence: Evidence) -> bool:
    """Outside the family that may reject, a drop is stated at the same level by itself."""
    apart = s.rule.role == "report" or s.against == "pinned"
    p = s.answer.p_drop
    return apart and p is not None and p <= evidence.policy.holm_alpha


def _counts(s: MetricTest) -> dict[str, int] | None:
    if s.way not in ("counts", "binary"):
        return None
    rose, fell = s.sides.rose, s.sides.fell
    return {"rose": rose, "fell": fell, "same": s.sides.n - rose - fell}
