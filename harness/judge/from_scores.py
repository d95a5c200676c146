"""The verdict from paired scores alone, for models that are run and scored elsewhere.

The rule is the same as for runs, except for the parts that need texts or checks.

Tests: tests/judge/test_score_file.py and test_properties.py.

Tested in tests/judge/test_score_file.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import DataError
from harness.judge.intervals import spent_alpha
from harness.judge.paired import Paired
from harness.judge.policy import Rules, check_policy, followable
from harness.judge.rule1 import judged as rule1
from harness.judge.rule2 import judged as rule2
from harness.judge.rule2.decide import Trial
from harness.judge.score_file import Row, finals_from_rows, paired_from_rows
from harness.judge.tested import AdapterNames
from harness.judge.verdict import RULE
from harness.records import MetricRule, Policy, Verdict, WeighedFinal


@dataclass(frozen=True, slots=True)
class Labels:
    """The names that a score file does not contain."""

    benchmark: str = "scores"
    task: str | None = None
    candidate: str = "candidate"
    promoted: str = "promoted"
    pinned: str = "pinned"


def verdict_from_rows(
    rows: Iterable[Row],
    policy: Policy | None = None,
    rules: tuple[MetricRule, ...] = (),
    *,
    labels: Labels | None = None,
    accepted: Mapping[str, str] | None = None,
    candidates_judged: int = 1,
    base: Iterable[Row] = (),
    reserve: Iterable[Row] = (),
    finals: Iterable[Row] = (),
    rule: int = RULE,
) -> Verdict:
    """Judge the rows of a score file; without rules, roles follow from the metrics' names.

    `reserve` are rows of the same form, in the order in which cases are taken; `finals` have
    `id, candidate, promoted, at` and may have `slice`.
    """
    further = list(reserve)
    order = tuple(dict.fromkeys(str(row.get("case")) for row in further))
    return verdict_from_paired(
        paired_from_rows([*_own(rows, order), *further], base),
        policy,
        rules,
        labels=labels,
        accepted=accepted,
        candidates_judged=candidates_judged,
        reserve=order,
        finals=finals_from_rows(list(finals)),
        rule=rule,
    )


def _own(rows: Iterable[Row], reserve: tuple[str, ...]) -> list[Row]:
    """Return the benchmark's rows; refuse a case that is in the reserve too."""
    own, taken = list(rows), frozenset(reserve)
    twice = next((row["case"] for row in own if row.get("case") in taken), None)
    if twice is not None:
        raise DataError(f"case {twice!r} is in the benchmark and in its reserve; keep one of them")
    return own


def verdict_from_paired(
    paired: Paired,
    policy: Policy | None = None,
    rules: tuple[MetricRule, ...] = (),
    *,
    labels: Labels | None = None,
    accepted: Mapping[str, str] | None = None,
    candidates_judged: int = 1,
    reserve: tuple[str, ...] = (),
    finals: Sequence[WeighedFinal] = (),
    rule: int = RULE,
) -> Verdict:
    """Judge paired scores."""
    policy, labels, accepted = policy or Policy(), labels or Labels(), accepted or {}
    check_policy(policy)
    alpha = spent_alpha(policy, candidates_judged)
    chosen, notes = _followable(paired, rules, paired.against)
    pinned = "pinned" in paired.references
    chosen_pinned = _followable(paired, rules, "pinned")[0] if pinned else chosen
    blank = Verdict(
        outcome="inconclusive",
        task=labels.task,
        benchmark=labels.benchmark,
        fingerprint="",
        candidate=labels.candidate,
        promoted=labels.promoted,
        pinned=labels.pinned if pinned else None,
        n=paired.n,
        reasons=(),
        candidates_judged=candidates_judged,
        alpha=alpha,
        policy=policy,
        notes=notes,
        rule=rule,
    )
    names = AdapterNames(labels.candidate, {"promoted": labels.promoted, "pinned": labels.pinned})
    if rule == 1:
        return rule1.judge_scores(blank, paired, chosen, chosen_pinned, accepted, names)
    trial = Trial(
        paired,
        chosen,
        policy,
        alpha,
        pinned_rules=chosen_pinned,
        reserve=reserve,
        finals=rule2.finals_of(finals),
        accepted=frozenset(accepted),
    )
    return rule2.judge_scores(blank, trial, names)


def _followable(
    paired: Paired, rules: tuple[MetricRule, ...], against: str
) -> tuple[Rules, tuple[str, ...]]:
    """Return the rules that these scores allow, and notes on changes, as `effective_rules` does."""
    scored = [
        {name for name, row in zip(paired.metrics, table, strict=True) if np.isfinite(row).any()}
        for table in (paired.candidate, paired.references[against])
    ]
    return followable(rules, scored[0] & scored[1], scored[0] | scored[1])
