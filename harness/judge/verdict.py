"""The verdict on a candidate: two runs and a policy in, an outcome with all its reasons out.

Pure: no disk, no clock, no print; the same runs and policy always give the same verdict.
`verdict` judges runs by the rule of the version asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.errors import BenchmarkError
from harness.judge import wording
from harness.judge.comparable import check_like, check_once
from harness.judge.gain_over_base import forgotten
from harness.judge.intervals import spent_alpha
from harness.judge.named import named_notes
from harness.judge.policy import check_policy, check_rules
from harness.judge.rule1 import judged as rule1
from harness.judge.rule2 import judged as rule2
from harness.judge.unfinished import unfinished_notes
from harness.records import BASE, BASE_PROMPT, MetricRule, Policy, Run, Verdict, WeighedFinal

RESERVE, RESERVE_PROMOTED = "reserve", "reserve promoted"
"""Names of the runs on the reserve's cases."""
RULES = (1, 2)
RULE = 2
"""The version of the rule that judges by default."""
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
    reserve: tuple[Run, Run] | None = None,
    finals: Sequence[WeighedFinal] = (),
    reserve_available: int = 0,
    rule: int = RULE,
) -> Verdict:
    """Decide whether the candidate may replace the reference.

    `reference` is the promoted adapter's run, None for the first adapter of a task, which has to
    be better than `base`. `guard` says that the benchmark is one that every adapter must keep:
    there, not worse than the base is enough. `accepted` holds who accepted a broken case and why.
    `left_out` names cases that an adapter has seen in training: no run is judged on them.
    `trained_on` says which base the adapter was trained on; it is noted, and decides nothing.
    `reserve` are the candidate's and the reference's runs on the reserve's first cases, of which
    there are `reserve_available` in all: the verdict says how many it wants next. `finals` are
    texts that people sent, weighed under both. `rule` is the version of the rule that judges:
    verdicts of the first can be made again with it.
    """
    if rule not in RULES:
        raise BenchmarkError(f"rule {rule!r}: there is no such rule, known are 1 and 2")
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
        RESERVE: reserve[0] if reserve else None,
        RESERVE_PROMOTED: reserve[1] if reserve else None,
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
            *named_notes((candidate, *references.values())),
            *unfinished_notes((candidate, *references.values())),
        ),
    )
    if (unfit := _unfit(blank, candidate, bool(references))) is not None:
        return unfit
    beside = {BASE: base} if guard else {BASE: base, BASE_PROMPT: prompted}
    blank = replace(blank, rule=rule)
    if rule == 1:
        return rule1.judge_runs(blank, candidate, references, beside, accepted or {}, guard)
    return rule2.judge_runs(
        blank,
        candidate,
        references,
        beside,
        accepted or {},
        guard,
        reserve,
        finals,
        reserve_available,
    )


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
