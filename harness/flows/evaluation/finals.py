"""Choose among the texts that people sent those that a verdict may rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.errors import RowChanged
from harness.findings.reviewed import input_key, same_as_case
from harness.findings.set_aside import is_set_aside
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.evaluation.context import Context
from harness.records import (
    NOT_COUNTED,
    Benchmark,
    Case,
    Review,
)
from harness.store import Store
from harness.text.blanks import is_blank
from harness.workspace.project.voice_days import voice_since

SPARE = 3
"""Times as many finals as are wanted are looked at, as some were taught."""


def choose_finals(context: Context, benchmark: Benchmark, adapters: Sequence[str]) -> list[Review]:
    """Choose finals: those set aside first, the newest first, at the reviews' own mix.

    One per input; an input that either adapter was taught is left out, and so is one that only may
    have been: where a training set is not known, the finals that were set aside are all there is.
    What was sent before the task was repositioned speaks the old voice, and is no final any more.
    """
    policy = benchmark.policy
    since = voice_since(context.project.settings.benchmarks / benchmark.name)
    newest = newest_finals(context.store, str(benchmark.task), since)
    aside = [r for r in newest if is_set_aside(r.input, policy.set_aside)]
    others = [r for r in newest if not is_set_aside(r.input, policy.set_aside)]
    ordered = [*aside, *others][: SPARE * policy.finals]
    untaught = _untaught(context, benchmark, adapters, ordered)
    chosen = mixed(untaught, newest, policy.finals)
    for identity in context.store.reviews.changed([review.id for review in chosen]):
        raise RowChanged(f"review {identity}: was changed by hand, see `lora-harness verify`")
    return chosen


def was_sent(review: Review) -> bool:
    """Return whether a review has a text that a person sent, for an input of production."""
    thrown = review.decision == "rejected" or review.source in NOT_COUNTED
    return not thrown and bool(review.final and not is_blank(review.final))


def newest_finals(store: Store, task: str, since: str | None) -> list[Review]:
    """Return the newest final of each input that production asked, the newest first.

    `since` is the day from which they count: that of the last repositioning.
    """
    found: dict[bytes, Review] = {}
    for review in store.reviews.each(task=task, since=since):
        if not was_sent(review):
            continue
        key = input_key(review)
        known = found.get(key)
        if known is None or (review.at, review.seq) > (known.at, known.seq):
            found[key] = review
    return sorted(found.values(), key=lambda review: (review.at, review.seq), reverse=True)


def _untaught(
    context: Context, benchmark: Benchmark, adapters: Sequence[str], reviews: list[Review]
) -> list[Review]:
    """Return the reviews whose input is no case and in no training set of the adapters."""
    asked = replace(benchmark, cases=tuple(map(final_case, reviews)), reserve=())
    folder, taught, unknown = context.project.settings.adapters, set[str](), False
    for name in adapters:
        seen = find_contamination(folder, name, asked)
        taught |= set(seen.cases)
        unknown = unknown or bool(seen.unknown)
    own = same_as_case(benchmark, reviews)
    share = benchmark.policy.set_aside
    return [
        review
        for place, review in enumerate(reviews)
        if review.id not in taught
        and place not in own
        and (not unknown or is_set_aside(review.input, share))
    ]


def mixed(chosen: Sequence[Review], every: Sequence[Review], most: int) -> list[Review]:
    """Take accepted and edited finals at the share that they have among all; else fewer."""
    if not every:
        return []
    share = sum(review.decision == "edited" for review in every) / len(every)
    edited = [review for review in chosen if review.decision == "edited"]
    accepted = [review for review in chosen if review.decision != "edited"]
    total = float(most)
    if share > 0:
        total = min(total, len(edited) / share)
    if share < 1:
        total = min(total, len(accepted) / (1 - share))
    take = round(total * share)
    found = [*edited[:take], *accepted[: int(total + 1e-9) - take]]
    return sorted(found, key=lambda review: (review.at, review.seq), reverse=True)


def final_case(review: Review) -> Case:
    """Return a review's final as the ideal of a case, with all that the adapter was given."""
    return Case(
        review.id,
        review.input,
        (review.final or "",),
        turns=review.turns,
        system=review.system,
        context=review.context,
    )
