"""Choose among the texts that people sent those that a verdict may rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from harness.findings import normal
from harness.findings.set_aside import is_set_aside
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.evaluation.context import Context
from harness.records import (
    ON_BENCHMARK,
    Benchmark,
    Case,
    Policy,
    Review,
)

SPARE = 3
"""Times as many finals as are wanted are looked at, as some were taught."""


def choose_finals(context: Context, benchmark: Benchmark, adapters: Sequence[str]) -> list[Review]:
    """Choose finals: those set aside first, the newest first, at the reviews' own mix.

    One per input; an input that either adapter was taught is left out, and so is one that only may
    have been: where a training set is not known, the finals that were set aside are all there is.
    """
    policy = benchmark.policy
    newest = _newest(context, str(benchmark.task))
    aside = [r for r in newest if is_set_aside(r.input, policy.set_aside)]
    others = [r for r in newest if not is_set_aside(r.input, policy.set_aside)]
    ordered = [*aside, *others][: SPARE * policy.finals]
    untaught = _untaught(context, benchmark, adapters, ordered)
    return _mixed(untaught, newest, policy)


def _newest(context: Context, task: str) -> list[Review]:
    """Return the newest final of each input, the newest first."""
    found: dict[bytes, Review] = {}
    for review in context.store.reviews.each(task=task):
        if review.source == ON_BENCHMARK or review.decision == "rejected":
            continue
        if not review.final or not review.final.strip():
            continue
        key = hashlib.sha256((normal(review.input) or review.input).encode()).digest()[:16]
        known = found.get(key)
        if known is None or (review.at, review.seq) > (known.at, known.seq):
            found[key] = review
    return sorted(found.values(), key=lambda review: (review.at, review.seq), reverse=True)


def _untaught(
    context: Context, benchmark: Benchmark, adapters: Sequence[str], reviews: list[Review]
) -> list[Review]:
    """Return the reviews whose input is in no training set of the adapters."""
    asked = replace(benchmark, cases=tuple(final_case(review) for review in reviews))
    folder, taught, unknown = context.project.settings.adapters, set[str](), False
    for name in adapters:
        seen = find_contamination(folder, name, asked)
        taught |= set(seen.cases)
        unknown = unknown or bool(seen.unknown)
    own = {normal(case.input) for case in benchmark.cases}
    share = benchmark.policy.set_aside
    return [
        review
        for review in reviews
        if review.id not in taught
        and normal(review.input) not in own
        and (not unknown or is_set_aside(review.input, share))
    ]


def _mixed(chosen: list[Review], every: list[Review], policy: Policy) -> list[Review]:
    """Take accepted and edited finals at the share that they have among all; else fewer."""
    if not every:
        return []
    share = sum(review.decision == "edited" for review in every) / len(every)
    edited = [review for review in chosen if review.decision == "edited"]
    accepted = [review for review in chosen if review.decision != "edited"]
    total = float(policy.finals)
    if share > 0:
        total = min(total, len(edited) / share)
    if share < 1:
        total = min(total, len(accepted) / (1 - share))
    take = round(total * share)
    found = [*edited[:take], *accepted[: int(total + 1e-9) - take]]
    return sorted(found, key=lambda review: (review.at, review.seq), reverse=True)


def _case(review: Review) -> Case:
    return Case(review.id, review.input, (review.final or "",))


def final_case(review: Review) -> Case:
    """Return a review's input with its final as the ideal."""
    return Case(review.id, review.input, (review.final or "",))
