"""Was it worth it: the candidate beside the plain base, and beside the base with a good prompt.

For the first adapter of a task the base decides elsewhere; here nothing ever decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import HarnessError
from harness.judge.comparable import check_like
from harness.judge.metric_test import MetricTest, standing
from harness.judge.paired import Paired, paired_from_runs
from harness.judge.policy import Rules
from harness.records import BASE, BASE_PROMPT, MetricRule, Policy, Run, State, Verdict, Worth

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
    """What was gained over each of `base` and `base+prompt`, and why where that cannot be said."""
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
    """What the guard benchmarks say about the base: the cost beside the gain."""
    return tuple(
        worth
        for guard in guards
        for worth in guard.worth
        if worth.against == BASE and worth.role == "gate"
    )


def _beside(
    benchmark: str, paired: Paired, name: str, rules: Rules, policy: Policy, guard: bool
) -> Iterator[Worth]:
    """Gates first: the first one's words are what people read."""
    decisive = sorted((r for r in rules if r.role != "report"), key=lambda r: r.role != "gate")
    for rule in decisive:
        found = _standing(paired, rule, name, policy)
        if found.sides.n:
            yield _worth(found, benchmark, policy, guard)


def _standing(paired: Paired, rule: MetricRule, name: str, policy: Policy) -> MetricTest:
    return standing(paired, rule, name, policy, policy.alpha, paired.same_texts is True, 1)


def _worth(found: MetricTest, benchmark: str, policy: Policy, guard: bool) -> Worth:
    low, high = found.answer.interval or (None, None)
    state = _state(found, policy)
    words = ON_A_GUARD if guard else BESIDE_PROMPT if found.against == BASE_PROMPT else BESIDE_BASE
    return Worth(
        against=found.against,
        benchmark=benchmark,
        metric=found.rule.name,
        role=found.rule.role,
        gain=float(found.sides.d.mean()),
        low=low,
        high=high,
        n=found.sides.n,
        state=state,
        says=words.get(state, ""),
    )


def _state(found: MetricTest, policy: Policy) -> State:
    if found.way == "identical":
        return "identical"
    if found.better:
        return "better"
    if found.not_worse:
        return "not worse"
    p = found.answer.p_drop
    return "worse" if p is not None and p <= policy.holm_alpha else "open"
