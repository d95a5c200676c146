"""The cases that broke, were fixed or only changed in wording, with their texts where known.

They are what people look at first, so a verdict carries them whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.judge.evidence import Evidence
from harness.judge.paired import Flags
from harness.records import CaseChange, CaseResult, Run, Verdict


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
