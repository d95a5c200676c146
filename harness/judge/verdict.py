"""The verdict: two runs and a policy in, an answer with all its reasons out.

Pure: no disk, no clock, no print; the same runs and policy always give the same verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.judge import left_out as leaving
from harness.judge.changes import with_changes
from harness.judge.comparable import check_like, check_once
from harness.judge.decide import Circumstances
from harness.judge.evidence import gather
from harness.judge.gain_over_base import forgotten, worth_of
from harness.judge.multiplicity import spent_alpha
from harness.judge.paired import paired_from_runs
from harness.judge.policy import check_policy
from harness.judge.reasons import Names
from harness.judge.rules import check_rules, effective_rules
from harness.judge.settle import settle
from harness.judge.terms import changed_terms
from harness.judge.unfit import without_verdict
from harness.records import BASE, BASE_PROMPT, MetricRule, Policy, Run, Verdict


def verdict(
    candidate: Run,
    reference: Run | None,
    policy: Policy,
    *,
    metrics: tuple[MetricRule, ...] = (),
    pinned: Run | None = None,
    base: Run | None = None,
    prompted: Run | None = None,
    accepted: Mapping[str, str] | None = None,
    guards: tuple[Verdict, ...] = (),
    candidates_judged: int = 1,
    guard: bool = False,
    left_out: Mapping[str, str] | None = None,
) -> Verdict:
    """Say whether the candidate may replace the reference.

    `reference` is the promoted adapter's run, None for the first adapter of a task, which has to
    be better than `base`. `guard` says that the benchmark is one that every adapter must keep:
    there, not worse than the base is enough. `accepted` holds who accepted a broken case and why.
    `left_out` names cases that an adapter has seen in training: no side is judged on them.
    """
    seen = leaving.those_of(candidate, left_out or {})
    candidate = leaving.without(candidate, seen)
    reference, pinned, base, prompted = (
        leaving.from_each(run, seen) for run in (reference, pinned, base, prompted)
    )
    check_policy(policy)
    check_rules(metrics)
    check_once(candidate)
    alpha = spent_alpha(policy, candidates_judged)
    sides = _sides(candidate, reference, pinned, base)
    runs = {
        "candidate": candidate,
        "promoted": reference,
        "pinned": pinned,
        BASE: base,
        BASE_PROMPT: prompted,
    }
    blank = Verdict(
        outcome="inconclusive",
        task=candidate.task,
        benchmark=candidate.benchmark,
        fingerprint=candidate.fingerprint,
        candidate=candidate.adapter,
        promoted=None if reference is None else reference.adapter,
        pinned=None if pinned is None else pinned.adapter,
        n=len(candidate.results),
        reasons=(),
        candidates_judged=candidates_judged,
        alpha=alpha,
        policy=policy,
        rules=metrics,
        runs={side: run.id for side, run in runs.items() if run is not None},
        guards=guards,
        forgetting=forgotten(guards),
        left_out=seen,
        notes=leaving.said(seen),
    )
    unfit = without_verdict(blank, candidate, sides)
    if unfit is not None:
        return unfit
    first = next(iter(sides.values()))
    paired = paired_from_runs(candidate, sides)
    rules, rule_notes = effective_rules(metrics, candidate, first)
    pinned_rules, _ = effective_rules(metrics, candidate, sides.get("pinned", first))
    evidence = gather(paired, rules, pinned_rules, policy, alpha, frozenset(accepted or {}))
    circumstances = Circumstances(
        complete=candidate.complete,
        must_be_better=reference is None and not guard,
        guards=guards,
    )
    names = Names(candidate.adapter, {side: run.adapter for side, run in sides.items()})
    settled = settle(blank, evidence, circumstances, names)
    beside = {BASE: base} if guard else {BASE: base, BASE_PROMPT: prompted}
    worth, worth_notes = worth_of(candidate, beside, rules, policy, guard=guard)
    notes = (*blank.notes, *rule_notes, *settled.notes, *worth_notes, *_terms(candidate, first))
    noted = replace(settled, notes=notes, worth=worth)
    return with_changes(noted, evidence, accepted or {}, candidate, first)


def _sides(
    candidate: Run, reference: Run | None, pinned: Run | None, base: Run | None
) -> dict[str, Run]:
    """What decides: the promoted run, or the base where there is none; then the pinned one."""
    sides: dict[str, Run] = {}
    if reference is not None:
        sides["promoted"] = reference
    elif base is not None:
        sides[BASE] = base
    if sides and pinned is not None and not _same(pinned, next(iter(sides.values()))):
        sides["pinned"] = pinned
    for side, run in sides.items():
        check_once(run)
        check_like(candidate, run, side)
    return sides


def _same(one: Run, other: Run) -> bool:
    """The pinned adapter is often the promoted one; it is not asked twice."""
    return one.adapter == other.adapter and dict(one.digests) == dict(other.digests)


def _terms(candidate: Run, reference: Run) -> tuple[str, ...]:
    before = {result.case.id: result.text for result in reference.results}
    return changed_terms((before[each.case.id], each.text) for each in candidate.results)
