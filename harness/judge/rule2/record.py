"""A finding turned into the record that is stored, shown and judged again.

No decision is made here; a missing number is None, never NaN. Tested in
tests/judge/rule2/test_decide.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.judge import wording
from harness.judge.breakage import TEXT, breakage
from harness.judge.intervals import risk_by_luck, upper_share
from harness.judge.paired import Flags
from harness.judge.policy import FIRST_RULE_ONLY
from harness.judge.rule2.advice import advice_for
from harness.judge.rule2.decide import Conclusion, Trial
from harness.judge.rule2.look import LookEvidence
from harness.judge.rule2.reasons import reasons_for
from harness.judge.rule2.rests_on import cases_used, finals_used, margins_used, reserve_used
from harness.judge.rule2.score_test import ScoreTest
from harness.judge.tested import (
    AdapterNames,
    closest_ideal,
    metric_record,
    missing_notes,
    sample_notes,
    two_sides,
)
from harness.records import (
    BASE,
    CaseChange,
    MetricVerdict,
    Policy,
    Run,
    State,
    Verdict,
)

VERSION = 2
"""The version of this rule, which a verdict records."""


def recorded(blank: Verdict, trial: Trial, found: Conclusion, names: AdapterNames) -> Verdict:
    """Fill in a verdict that so far only names what was compared."""
    look = found.look
    gate = next((test for test in look.tests if test.rule.role == "gate"), None)
    can = int(look.collapses.can.sum())
    return replace(
        blank,
        outcome=found.outcome,
        n=look.paired.n,
        reasons=reasons_for(found, names),
        advice=advice_for(found, names),
        notes=(*blank.notes, *_notes(look)),
        metrics=metric_verdicts(look),
        slices=look.slices.verdicts,
        certifiable_margin=None if gate is None else gate.answer.certifiable,
        identical=look.identical,
        break_bound=upper_share(look.collapsed, can, trial.alpha) if can else None,
        samples=look.paired.samples,
        alpha=look.levels.alpha,
        rule=VERSION,
        margin_used=None if gate is None else gate.rule.margin,
        margins=margins_used(look),
        can_break=can,
        own_cases=cases_used(trial, found),
        reserve=reserve_used(trial, found),
        finals=finals_used(found, trial.sent),
        luck=risk_by_luck(look.policy, blank.candidates_judged),
    )


def with_changes(
    verdict: Verdict,
    look: LookEvidence,
    accepted: Mapping[str, str],
    candidate: Run | None = None,
    reference: Run | None = None,
) -> Verdict:
    """Add the changed cases to a verdict; score files have no runs, hence no texts."""
    now, before = (
        {} if run is None else {result.case.id: result for result in run.results}
        for run in (candidate, reference)
    )
    paired = look.paired
    # All that holds promotion back, so that a person can accept each of them.
    fell = look.collapses.fell
    texts = breakage(paired, verdict.rules, look.policy)

    def changed(flags: Flags, accepted: Mapping[str, str]) -> tuple[CaseChange, ...]:
        changes = []
        for index in map(int, np.flatnonzero(flags)):
            case = paired.cases[index]
            mine, theirs = now.get(case), before.get(case)
            metric = texts.metric if texts.broken[index] else look.collapses.metric
            metric = metric if flags is fell else texts.metric
            changes.append(
                CaseChange(
                    case=case,
                    critical=bool(paired.critical[index]),
                    reference_score=float(paired.scores(metric, paired.against)[index]),
                    candidate_score=float(paired.scores(metric)[index]),
                    ideal=closest_ideal(mine),
                    reference_text="" if theirs is None else theirs.text,
                    candidate_text="" if mine is None else mine.text,
                    accepted=accepted.get(case),
                )
            )
        return tuple(changes)

    return replace(
        verdict,
        broken=changed(fell, accepted),
        fixed=changed(texts.fixed, {}),
        reworded=changed((texts.broken | texts.reworded) & ~fell, {}),
    )


def metric_verdicts(look: LookEvidence) -> tuple[MetricVerdict, ...]:
    """Return a record per metric and reference, in the order of the rules."""
    over_base = () if look.paired.against == BASE else look.base
    every = (*look.tests, *look.pinned, *over_base)
    return tuple(metric_record(test, state_of(test, look.policy)) for test in every)


def state_of(test: ScoreTest, policy: Policy) -> State:
    """Return the conclusion on a metric."""
    if test.way == "identical":
        return "identical"
    if test.better:
        return "better"
    if test.not_worse:
        return "not worse"
    p = test.answer.p_drop
    reported = test.rule.role == "report" and p is not None and p <= policy.drop_alpha
    return "worse" if test.dropped or reported else "open"


def _notes(look: LookEvidence) -> list[str]:
    """Return what did not decide and has no field, in the order in which a reader asks about it."""
    if not look.judged:
        return []
    return [
        *_text_notes(look),
        *two_sides(look.tests, look.levels.alpha),
        *sample_notes(look.tests, look.paired.samples),
        *missing_notes(look.tests),
        *_slice_notes(look),
        *_group_notes(look),
        *_ignored(look.policy),
    ]


def _text_notes(look: LookEvidence) -> list[str]:
    if look.paired.has(TEXT, look.paired.against) or not look.collapses.can.any():
        return []
    metric = wording.metric(look.collapses.metric)
    return [f"there is no edit similarity, so {metric} alone tells what collapsed"]


def _slice_notes(look: LookEvidence) -> list[str]:
    small = [each.name for each in look.slices.verdicts if each.n < look.policy.slice_cases]
    if not small:
        return []
    fewest = look.policy.slice_cases
    return [f"slices with fewer than {fewest} cases are not judged: {wording.listed(small)}"]


def _group_notes(look: LookEvidence) -> list[str]:
    if look.paired.groups is None:
        return []
    groups = len(set(look.paired.groups.tolist()))
    return [f"cases come in {groups} independent groups, and intervals allow for it"]


def _ignored(policy: Policy) -> list[str]:
    """Name the constants of the first rule that the benchmark still sets."""
    plain = Policy()
    named = [name for name in FIRST_RULE_ONLY if getattr(policy, name) != getattr(plain, name)]
    return [f"[policy] {wording.listed(named)}: no effect on rule 2"] if named else []
