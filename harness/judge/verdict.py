"""The verdict: two runs and a policy in, an answer with all its reasons out.

Pure: no disk, no clock, no print; the same runs and policy always give the same verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from harness.judge import wording
from harness.judge.advice import advice_for
from harness.judge.comparable import check_like, check_once
from harness.judge.decide import Circumstances, decide
from harness.judge.evidence import Evidence, gather
from harness.judge.gain_over_base import forgotten, worth_of
from harness.judge.intervals import spent_alpha
from harness.judge.notes import changed_terms, notes_for
from harness.judge.paired import paired_from_runs
from harness.judge.policy import check_policy, check_rules, effective_rules
from harness.judge.reasons import AdapterNames, reasons_for
from harness.judge.record import metric_verdicts, with_changes
from harness.records import BASE, BASE_PROMPT, MetricRule, Policy, Run, Verdict


def settle(
    blank: Verdict, evidence: Evidence, circumstances: Circumstances, names: AdapterNames
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


WRITE_YOUR_OWN = (
    "write 20 to 30 cases of your own in their place, then: lora-harness benchmark check"
)
NOTHING_TO_COMPARE = "there is neither a promoted adapter nor a run of the base to compare with"
RUN_THE_BASE = "evaluate the base on this benchmark first: lora-harness evaluate base"
BASE_ALONE = (
    "nothing is promoted yet, and the base is what the first adapter is compared with:"
    " its outputs are kept for that"
)
TRAIN_ONE = "train an adapter: lora-harness train NAME --data FILE, then pytest --model NAME"


def without_verdict(blank: Verdict, candidate: Run, sides: Collection[str]) -> Verdict | None:
    """The answer where nothing is to be judged; None where there is."""
    idle = [each.case.id for each in candidate.results if each.case.placeholder]
    if idle:
        said = _placeholders(idle, len(candidate.results))
        return replace(blank, reasons=(said,), advice=(WRITE_YOUR_OWN,))
    if sides:
        return None
    if candidate.adapter == BASE:
        return replace(blank, reasons=(BASE_ALONE,), advice=(TRAIN_ONE,))
    return replace(blank, reasons=(NOTHING_TO_COMPARE,), advice=(RUN_THE_BASE,))


def _placeholders(idle: list[str], total: int) -> str:
    which = wording.listed(idle) if len(idle) < total else f"all {wording.cases(total)}"
    are = "is a placeholder" if len(idle) == 1 < total else "are placeholders"
    return f"{which} {are}, and placeholders are not a benchmark"


def without(run: Run, left_out: Mapping[str, str]) -> Run:
    """The run as if these cases were not in the benchmark."""
    if not left_out:
        return run
    kept = tuple(result for result in run.results if result.case.id not in left_out)
    return replace(run, results=kept)


def from_each(run: Run | None, left_out: Mapping[str, str]) -> Run | None:
    """The same of a side that may not be there."""
    return None if run is None else without(run, left_out)


def those_of(run: Run, left_out: Mapping[str, str]) -> dict[str, str]:
    """What is left out of this run; a run of some of the cases may have none of them."""
    cases = {result.case.id for result in run.results}
    return {case: why for case, why in sorted(left_out.items()) if case in cases}


def said(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """One note for every training set that holds some of them."""
    places: dict[str, list[str]] = {}
    for case, where in sorted(left_out.items()):
        # `line 3 of more.jsonl, ...`: the line is told per case in the record.
        places.setdefault(where.partition(" of ")[2] or where, []).append(case)
    return tuple(
        f"{wording.cases(len(cases))} left out: {wording.listed(cases)} {_stand(cases)} in {place}"
        for place, cases in places.items()
    )


def _stand(cases: list[str]) -> str:
    return "is" if len(cases) == 1 else "are"


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
    seen = those_of(candidate, left_out or {})
    candidate = without(candidate, seen)
    reference, pinned, base, prompted = (
        from_each(run, seen) for run in (reference, pinned, base, prompted)
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
        notes=said(seen),
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
    names = AdapterNames(candidate.adapter, {side: run.adapter for side, run in sides.items()})
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
