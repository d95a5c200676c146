"""The candidate's gain over the plain base, and over the base with a good prompt.

It is reported and never decides; for the first adapter of a task, `verdict` compares with the base.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import HarnessError
from harness.judge.comparable import check_like
from harness.judge.metric_test import MetricTest, metric_test
from harness.judge.paired import Paired, paired_from_runs
from harness.judge.policy import Rules
from harness.records import BASE, BASE_PROMPT, Policy, Run, State, Verdict, Worth

BESIDE_BASE: dict[State, str] = {
    "worse": "worse than the base without any adapter",
    "open": "no gain is shown",
    "not worse": "no gain is shown",
    "identical": "no gain at all",
}
BESIDE_PROMPT: dict[State, str] = {
    "worse": "a prompt would do better",
    "open": "as far as these cases show, a prompt would do",
    "not worse": "a prompt would do",
    "identical": "a prompt would do",
}
ON_A_GUARD: dict[State, str] = {"worse": "it was lost", "open": "it may be lost"}


def worth_of(
    candidate: Run,
    beside: dict[str, Run | None],
    rules: Rules,
    policy: Policy,
    *,
    guard: bool = False,
) -> tuple[tuple[Worth, ...], tuple[str, ...]]:
    """Return the gains over `base` and `base+prompt`, and notes where a run cannot be compared."""
    worth: list[Worth] = []
    notes: list[str] = []
    for name, run in beside.items():
        if run is None or not candidate.results:
            continue
        try:
            check_like(candidate, run, name)
        except HarnessError as error:
            notes.append(f"not compared with {name}: {error}")
            continue
        paired = paired_from_runs(candidate, {name: run})
        worth += _beside(candidate.benchmark, paired, name, rules, policy, guard)
    return tuple(worth), tuple(notes)


def forgotten(guards: tuple[Verdict, ...]) -> tuple[Worth, ...]:
    """Return the guards' gains over the base: the cost of fine-tuning beside its gain."""
    return tuple(
        worth
        for guard in guards
        for worth in guard.worth
        if worth.against == BASE and worth.role == "gate"
    )


def _beside(
    benchmark: str, paired: Paired, name: str, rules: Rules, policy: Policy, guard: bool
) -> Iterator[Worth]:
    """Yield the gain on each gate and guard, gates first since the first sentence is shown."""
    words = ON_A_GUARD if guard else BESIDE_PROMPT if name == BASE_PROMPT else BESIDE_BASE
    decisive = sorted((r for r in rules if r.role != "report"), key=lambda r: r.role != "gate")
    same = paired.same_texts is True
    for rule in decisive:
        # A family of 1: no decision rests on these tests, so they need no correction.
        test = metric_test(paired, rule, name, policy, policy.alpha, same, 1)
        if not test.pair.n:
            continue
        low, high = test.answer.interval or (None, None)
        state = _state(test, policy)
        yield Worth(
            against=name,
            benchmark=benchmark,
            metric=rule.name,
            role=rule.role,
            gain=float(test.pair.d.mean()),
            low=low,
            high=high,
            n=test.pair.n,
            state=state,
            says=words.get(state, ""),
        )


def _state(test: MetricTest, policy: Policy) -> State:
    if test.way == "identical":
        return "identical"
    if test.better:
        return "better"
    if test.not_worse:
        return "not worse"
    p = test.answer.p_drop
    return "worse" if p is not None and p <= policy.holm_alpha else "open"
