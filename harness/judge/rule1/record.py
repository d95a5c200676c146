"""The evidence turned into the frozen records that are stored, shown and judged again.

No decision is made here; a missing number is None, never NaN.

Tests: tests/judge/test_scenes.py and test_verdict.py.

Tested in tests/judge/test_breakage.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.judge.metric_test import MetricTest
from harness.judge.paired import Flags
from harness.judge.rule1.evidence import Evidence
from harness.judge.tested import closest_ideal, metric_record
from harness.records import (
    CaseChange,
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
    """Add the changed cases to a verdict; score files have no runs, hence no texts."""
    now, before = (
        {} if run is None else {result.case.id: result for result in run.results}
        for run in (candidate, reference)
    )
    found, paired = evidence.breakage, evidence.paired
    reference_scores = paired.scores(found.metric, paired.against)
    candidate_scores = paired.scores(found.metric)

    def changed(flags: Flags, accepted: Mapping[str, str]) -> tuple[CaseChange, ...]:
        changes = []
        for index in map(int, np.flatnonzero(flags)):
            case = paired.cases[index]
            mine, theirs = now.get(case), before.get(case)
            change = CaseChange(
                case=case,
                critical=bool(paired.critical[index]),
                reference_score=float(reference_scores[index]),
                candidate_score=float(candidate_scores[index]),
                ideal=closest_ideal(mine),
                reference_text="" if theirs is None else theirs.text,
                candidate_text="" if mine is None else mine.text,
                accepted=accepted.get(case),
            )
            changes.append(change)
        return tuple(changes)

    return replace(
        verdict,
        broken=changed(found.broken, accepted),
        fixed=changed(found.fixed, {}),
        reworded=changed(found.reworded, {}),
    )


def metric_verdicts(evidence: Evidence) -> tuple[MetricVerdict, ...]:
    """Return a record per metric and reference, in the order of the rules."""
    every = (*evidence.tests, *evidence.pinned)
    return tuple(metric_record(test, _state(test, evidence)) for test in every)


def _state(test: MetricTest, evidence: Evidence) -> State:
    if test.way == "identical":
        return "identical"
    if test.better:
        return "better"
    if test.not_worse:
        return "not worse"
    # Reports and the pinned adapter are outside of the family that Holm corrects, as they never
    # reject; their drops are stated at the same level without correction.
    apart = test.rule.role == "report" or test.against == "pinned"
    p = test.answer.p_drop
    dropped = apart and p is not None and p <= evidence.policy.holm_alpha
    return "worse" if dropped or test in evidence.dropped else "open"
