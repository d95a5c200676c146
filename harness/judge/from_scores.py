"""The verdict from paired scores alone, for models that are run and scored elsewhere.

The rule is the same as for runs, except for the parts that need texts or checks.

Tests: tests/judge/test_score_file.py and test_properties.py.

Tested in tests/judge/test_score_file.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.judge.intervals import spent_alpha
from harness.judge.paired import Paired
from harness.judge.policy import Rules, check_policy, followable
from harness.judge.rule1.decide import Circumstances
from harness.judge.rule1.evidence import gather
from harness.judge.rule1.reasons import AdapterNames
from harness.judge.rule1.record import with_changes
from harness.judge.score_file import Row, paired_from_rows
from harness.judge.verdict import settle
from harness.records import MetricRule, Policy, Verdict


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
) -> Verdict:
    """Judge the rows of a score file; without rules, roles follow from the metrics' names."""
    return verdict_from_paired(
        paired_from_rows(rows),
        policy,
        rules,
        labels=labels,
        accepted=accepted,
        candidates_judged=candidates_judged,
    )


def verdict_from_paired(
    paired: Paired,
    policy: Policy | None = None,
    rules: tuple[MetricRule, ...] = (),
    *,
    labels: Labels | None = None,
    accepted: Mapping[str, str] | None = None,
    candidates_judged: int = 1,
) -> Verdict:
    """Judge paired scores."""
    policy, labels, accepted = policy or Policy(), labels or Labels(), accepted or {}
    check_policy(policy)
    alpha = spent_alpha(policy, candidates_judged)
    chosen, notes = _followable(paired, rules, paired.against)
    pinned = "pinned" in paired.references
    chosen_pinned = _followable(paired, rules, "pinned")[0] if pinned else chosen
    evidence = gather(paired, chosen, chosen_pinned, policy, alpha, frozenset(accepted))
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
    )
    names = AdapterNames(labels.candidate, {"promoted": labels.promoted, "pinned": labels.pinned})
    settled = settle(blank, evidence, Circumstances(), names)
    return with_changes(replace(settled, notes=(*notes, *settled.notes)), evidence, accepted)


def _followable(
    paired: Paired, rules: tuple[MetricRule, ...], against: str
) -> tuple[Rules, tuple[str, ...]]:
    """Return the rules that these scores allow, and notes on changes, as `effective_rules` does."""
    scored = [
        {name for name, row in zip(paired.metrics, table, strict=True) if np.isfinite(row).any()}
        for table in (paired.candidate, paired.references[against])
    ]
    return followable(rules, scored[0] & scored[1], scored[0] | scored[1])
