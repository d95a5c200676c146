"""Judge runs or scores by the second rule.

Tested in tests/judge/test_verdict.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.judge.gain_over_base import worth_of
from harness.judge.paired import Paired, memberships, paired_from_runs
from harness.judge.policy import effective_rules
from harness.judge.rule2.decide import Conclusion, Trial, decide
from harness.judge.rule2.finals import Finals
from harness.judge.rule2.guard_benchmark import decide_guard, unfit
from harness.judge.rule2.record import recorded, with_changes
from harness.judge.terms import changed_terms
from harness.judge.tested import AdapterNames
from harness.records import BASE, Run, Verdict, WeighedFinal

UNMEASURED = "forgetting was not measured: the project has no guard benchmark"


def judge_runs(
    blank: Verdict,
    candidate: Run,
    references: Mapping[str, Run],
    beside: dict[str, Run | None],
    accepted: Mapping[str, str],
    guard: bool,
    reserve: tuple[Run, Run] | None = None,
    finals: Sequence[WeighedFinal] = (),
    reserve_available: int = 0,
) -> Verdict:
    """Complete a verdict on runs that can be judged; `beside` are the runs that show the gain."""
    first = next(iter(references.values()))
    rules, rule_notes = effective_rules(blank.rules, candidate, first)
    pinned_rules, _ = effective_rules(blank.rules, candidate, references.get("pinned", first))
    whole, others, order = _with_reserve(candidate, references, reserve)
    paired = _with_base(paired_from_runs(whole, others), beside.get(BASE))
    trial = Trial(
        paired=paired,
        rules=rules,
        policy=blank.policy,
        alpha=blank.alpha,
        pinned_rules=pinned_rules,
        reserve=order,
        available=reserve_available,
        finals=finals_of(finals),
        sent=tuple(finals),
        accepted=frozenset(accepted),
        guards=blank.guards,
        complete=candidate.complete,
        must_be_better=blank.promoted is None and not guard,
        guard=guard,
    )
    found = decide_guard(trial) if guard else decide(trial)
    names = AdapterNames(
        candidate.adapter, {BASE: BASE} | {name: run.adapter for name, run in references.items()}
    )
    verdict = recorded(blank, trial, found, names)
    worth, worth_notes = worth_of(candidate, beside, rules, blank.policy, guard=guard)
    before = {result.case.id: result.text for result in first.results}
    terms = changed_terms((before[each.case.id], each.text) for each in candidate.results)
    forgetting = unfit(paired, blank.policy) if guard else _unmeasured(blank, candidate)
    notes = (*rule_notes, *verdict.notes, *forgetting, *worth_notes, *terms)
    verdict = replace(verdict, notes=notes, worth=worth, rules=blank.rules)
    return with_changes(verdict, found.look, accepted, whole, others[next(iter(references))])


def _unmeasured(blank: Verdict, candidate: Run) -> tuple[str, ...]:
    """Say that no guard benchmark tells what was forgotten."""
    return () if blank.guards or not candidate.complete else (UNMEASURED,)


def judge_scores(blank: Verdict, trial: Trial, names: AdapterNames) -> Verdict:
    """Complete a verdict on scores alone."""
    found: Conclusion = decide(trial)
    verdict = recorded(replace(blank, rules=trial.rules), trial, found, names)
    return with_changes(verdict, found.look, dict.fromkeys(trial.accepted, "accepted"))


def _with_reserve(
    candidate: Run, references: Mapping[str, Run], reserve: tuple[Run, Run] | None
) -> tuple[Run, dict[str, Run], tuple[str, ...]]:
    """Return runs that hold the reserve's cases too, and their order.

    Only the first reference was run on the reserve: the pinned adapter is compared on the
    benchmark's own cases.
    """
    if reserve is None:
        return candidate, dict(references), ()
    mine, theirs = reserve
    order = tuple(result.case.id for result in mine.results)
    first = next(iter(references))
    whole = replace(candidate, results=(*candidate.results, *mine.results))
    others = dict(references)
    others[first] = replace(others[first], results=(*others[first].results, *theirs.results))
    for name, run in others.items():
        if name != first:
            blank = tuple(replace(result, scores={}, outputs=()) for result in mine.results)
            others[name] = replace(run, results=(*run.results, *blank))
    return whole, others, order


def _with_base(paired: Paired, base: Run | None) -> Paired:
    """Add the base's scores where they are not the first reference already."""
    if base is None or BASE in paired.references:
        return paired
    known = {result.case.id: result.scores for result in base.results}
    table = np.full(paired.candidate.shape, np.nan)
    for row, metric in enumerate(paired.metrics):
        for column, case in enumerate(paired.cases):
            score = known.get(case, {}).get(metric)
            if score is not None:
                table[row, column] = score
    return replace(paired, references={**paired.references, BASE: table})


def finals_of(finals: Sequence[WeighedFinal]) -> Finals | None:
    """Return finals as arrays; None where there are none."""
    if not finals:
        return None
    names, members = memberships(each.slices for each in finals)

    def column(values: list[float | None]) -> np.ndarray:
        return np.array([np.nan if value is None else value for value in values])

    return Finals(
        ids=tuple(each.id for each in finals),
        candidate=column([each.candidate for each in finals]),
        promoted=column([each.promoted for each in finals]),
        at=tuple(each.at for each in finals),
        slices=names,
        members=members,
    )
