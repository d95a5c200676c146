"""From evidence to a finished verdict record: decide, then say why in words.

Runs and score files meet here; what differs between them is only what they can name.
"""

from __future__ import annotations

from dataclasses import replace

from harness.judge.advice import advice_for
from harness.judge.decide import Circumstances, decide
from harness.judge.evidence import Evidence
from harness.judge.notes import notes_for
from harness.judge.reasons import Names, reasons_for
from harness.judge.record import metric_verdicts
from harness.records import Verdict


def settle(
    blank: Verdict, evidence: Evidence, circumstances: Circumstances, names: Names
) -> Verdict:
    """Fill in a verdict that so far only says what was compared."""
    outcome, findings = decide(evidence, circumstances)
    gate = next((s for s in evidence.standings if s.rule.role == "gate"), None)
    return replace(
        blank,
        outcome=outcome,
        n=evidence.paired.n,
        reasons=reasons_for(outcome, findings, evidence, names),
        advice=advice_for(outcome, findings, evidence, names),
        notes=notes_for(evidence, names, blank.candidates_judged),
        metrics=metric_verdicts(evidence),
        slices=() if evidence.slices is None else evidence.slices.verdicts,
        certifiable_margin=None if gate is None else gate.answer.certifiable,
        identical=evidence.identical,
        break_bound=evidence.break_bound,
        samples=evidence.paired.samples,
    )
