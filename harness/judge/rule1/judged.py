"""Judge runs or scores by the first rule.

Tested in tests/judge/test_verdict.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.judge.gain_over_base import worth_of
from harness.judge.paired import Paired, paired_from_runs
from harness.judge.policy import Rules, effective_rules
from harness.judge.rule1.advice import advice_for
from harness.judge.rule1.decide import Circumstances, decide
from harness.judge.rule1.evidence import Evidence, gather
from harness.judge.rule1.notes import notes_for
from harness.judge.rule1.reasons import reasons_for
from harness.judge.rule1.record import metric_verdicts, with_changes
from harness.judge.terms import changed_terms
from harness.judge.tested import AdapterNames
from harness.records import Run, Verdict


def settle(
    blank: Verdict, evidence: Evidence, circumstances: Circumstances, names: AdapterNames
) -> Verdict:
    """Decide, and fill in a verdict that so far only names what was compared."""
    outcome, causes = decide(evidence, circumstances)
    gate = next((s for s in evidence.tests if s.rule.role == "gate"), None)
    return replace(
        blank,
        outcome=outcome,
        n=evidence.paired.n,
        reasons=reasons_for(outcome, causes, evidence, names),
        advice=advice_for(outcome, causes, evidence, names),
        notes=notes_for(evidence, names, blank.candidates_judged),
        metrics=metric_verdicts(evidence),
        slices=() if evidence.slices is None else evidence.slices.verdicts,
        certifiable_margin=None if gate is None else gate.answer.certifiable,
        identical=evidence.identical,
        break_bound=evidence.break_bound,
        samples=evidence.paired.samples,
    )


def judge_runs(
    blank: Verdict,
    candidate: Run,
    references: Mapping[str, Run],
    beside: dict[str, Run | None],
    accepted: Mapping[str, str],
    guard: bool,
) -> Verdict:
    """Complete a verdict on runs that can be judged; `beside` are the runs that show the gain."""
    policy, metrics, first = blank.policy, blank.rules, next(iter(references.values()))
    paired = paired_from_runs(candidate, references)
    rules, rule_notes = effective_rules(metrics, candidate, first)
    pinned_rules, _ = effective_rules(metrics, candidate, references.get("pinned", first))
    evidence = gather(paired, rules, pinned_rules, policy, blank.alpha, frozenset(accepted))
    circumstances = Circumstances(
        complete=candidate.complete,
        must_be_better=blank.promoted is None and not guard,
        guards=blank.guards,
    )
    names = AdapterNames(candidate.adapter, {name: run.adapter for name, run in references.items()})
    settled = settle(blank, evidence, circumstances, names)
    worth, worth_notes = worth_of(candidate, beside, rules, policy, guard=guard)
    before = {result.case.id: result.text for result in first.results}
    terms = changed_terms((before[each.case.id], each.text) for each in candidate.results)
    notes = (*blank.notes, *rule_notes, *settled.notes, *worth_notes, *terms)
    noted = replace(settled, notes=notes, worth=worth)
    return with_changes(noted, evidence, accepted, candidate, first)


def judge_scores(
    blank: Verdict,
    paired: Paired,
    rules: Rules,
    pinned_rules: Rules,
    accepted: Mapping[str, str],
    names: AdapterNames,
) -> Verdict:
    """Complete a verdict on scores alone."""
    chosen = frozenset(accepted)
    evidence = gather(paired, rules, pinned_rules, blank.policy, blank.alpha, chosen)
    settled = settle(blank, evidence, Circumstances(), names)
    return with_changes(replace(settled, notes=(*blank.notes, *settled.notes)), evidence, accepted)
