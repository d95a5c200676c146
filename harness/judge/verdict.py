"""The verdict on a candidate: two runs and a policy in, an outcome with all its reasons out.

Pure: no disk, no clock, no print; the same runs and policy always give the same verdict.
`verdict` judges runs; `settle` fills in the decision, for runs and for score files alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.judge import wording
from harness.judge.advice import advice_for
from harness.judge.comparable import check_like, check_once
from harness.judge.decide import Circumstances, decide
from harness.judge.evidence import Evidence, gather
from harness.judge.gain_over_base import forgotten, worth_of
from harness.judge.intervals import spent_alpha
from harness.judge.notes import changed_terms, notes_for, unfinished_notes
from harness.judge.paired import paired_from_runs
from harness.judge.policy import check_policy, check_rules, effective_rules
from harness.judge.reasons import AdapterNames, reasons_for
from harness.judge.record import metric_verdicts, with_changes
from harness.records import BASE, BASE_PROMPT, MetricRule, Policy, Run, Verdict

WRITE_YOUR_OWN = (
    "write 20 to 30 cases of your own in their place, then: lora-harness benchmark check"
)
TRAINED_ON = "trained on "
"""The beginning of the note on an adapter's base, by which judging again finds it."""
NOTHING_TO_COMPARE = "there is neither a promoted adapter nor a run of the base to compare with"
RUN_THE_BASE = "evaluate the base on this benchmark first: lora-harness evaluate base"
BASE_ALONE = (
    "nothing is promoted yet, and the base is what the first adapter is compared with:"
    " its outputs are kept for that"
)
TRAIN_ONE = "train an adapter: lora-harness train NAME --data FILE, then pytest --model NAME"


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
    trained_on: str = "",
) -> Verdict:
    """Decide whether the candidate may replace the reference.

    `reference` is the promoted adapter's run, None for the first adapter of a task, which has to
    be better than `base`. `guard` says that the benchmark is one that every adapter must keep:
    there, not worse than the base is enough. `accepted` holds who accepted a broken case and why.
    `left_out` names cases that an adapter has seen in training: no run is judged on them.
    `trained_on` says which base the adapter was trained on; it is noted, and decides nothing.
    """
    # A run of some of the cases may have none of those that are left out.
    cases = {result.case.id for result in candidate.results}
    seen = {case: why for case, why in sorted((left_out or {}).items()) if case in cases}
    candidate = _without(candidate, seen)
    reference, pinned, base, prompted = (
        None if run is None else _without(run, seen) for run in (reference, pinned, base, prompted)
    )
    check_policy(policy)
    check_rules(metrics)
    check_once(candidate)
    alpha = spent_alpha(policy, candidates_judged)
    references = _references(candidate, reference, pinned, base)
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
        runs={name: run.id for name, run in runs.items() if run is not None},
        guards=guards,
        forgetting=forgotten(guards),
        left_out=seen,
        notes=(
            *_left_out_notes(seen),
            *([trained_on] if trained_on else []),
            *unfinished_notes((candidate, *references.values())),
        ),
    )
    if (unfit := _unfit(blank, candidate, bool(references))) is not None:
        return unfit
    beside = {BASE: base} if guard else {BASE: base, BASE_PROMPT: prompted}
    return _judged(blank, candidate, references, beside, accepted or {}, guard)


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


def _judged(
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


def _without(run: Run, left_out: Mapping[str, str]) -> Run:
    """Return the run as if the left-out cases were not in the benchmark."""
    if not left_out:
        return run
    kept = tuple(result for result in run.results if result.case.id not in left_out)
    return replace(run, results=kept)


def _references(
    candidate: Run, reference: Run | None, pinned: Run | None, base: Run | None
) -> dict[str, Run]:
    """Return the deciding references: the promoted run, else the base; then the pinned run."""
    references: dict[str, Run] = {}
    if reference is not None:
        references["promoted"] = reference
    elif base is not None:
        references[BASE] = base
    if references and pinned is not None:
        first = next(iter(references.values()))
        # The pinned adapter is often the promoted one; it is not judged against twice.
        if pinned.adapter != first.adapter or dict(pinned.digests) != dict(first.digests):
            references["pinned"] = pinned
    for name, run in references.items():
        check_once(run)
        check_like(candidate, run, name)
    return references


def _left_out_notes(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """Return a note for every training set that holds some of the left-out cases."""
    places: dict[str, list[str]] = {}
    for case, where in sorted(left_out.items()):
        # `line 3 of more.jsonl, ...`: the record has the line for each case.
        places.setdefault(where.partition(" of ")[2] or where, []).append(case)
    notes = []
    for place, cases in places.items():
        are = "is" if len(cases) == 1 else "are"
        count, names = wording.cases(len(cases)), wording.listed(cases)
        notes.append(f"{count} left out: {names} {are} in {place}")
    return tuple(notes)


def _unfit(blank: Verdict, candidate: Run, comparable: bool) -> Verdict | None:
    """Return the verdict on runs that cannot be judged, None for all others."""
    idle = [each.case.id for each in candidate.results if each.case.placeholder]
    if idle:
        total = len(candidate.results)
        which = wording.listed(idle) if len(idle) < total else f"all {wording.cases(total)}"
        are = "is a placeholder" if len(idle) == 1 < total else "are placeholders"
        reason = f"{which} {are}, and placeholders are not a benchmark"
        return replace(blank, reasons=(reason,), advice=(WRITE_YOUR_OWN,))
    if comparable:
        return None
    if candidate.adapter == BASE:
        return replace(blank, reasons=(BASE_ALONE,), advice=(TRAIN_ONE,))
    return replace(blank, reasons=(NOTHING_TO_COMPARE,), advice=(RUN_THE_BASE,))
