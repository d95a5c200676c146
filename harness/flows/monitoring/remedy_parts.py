"""What the next adapter learns, and what the benchmark might ask: chosen out of the reviews."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappush, heappushpop

from harness.errors import RequestError
from harness.findings import normal, overlap
from harness.findings.dataset import case_inputs
from harness.flows.monitoring.training_source import OldData, old_data
from harness.flows.project import Project
from harness.flows.reviews.export import (
    HEAVY,
    Chosen,
    Line,
    candidate_lines,
    training_line,
    training_reviews,
)
from harness.records import Decision, Review
from harness.store import Store

MOST_EDITED = 1_000
"""The most edited finals that are taken over, and at most as many that were sent as they were."""
EVERY = 10
"""Of the heavily edited finals every tenth is proposed as a case instead of being learnt."""
MOST_CASES = 20
"""Proposed of either kind: a benchmark is 20 to 30 cases."""
_Ranked = tuple[tuple[float, str, int], Review]
"""Numbers in the store differ, so that reviews themselves are never compared."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into the files."""

    edited: list[Review]
    accepted: list[Review]
    cases: list[Line]
    old: OldData
    kept: list[Line]
    """Of the old lines."""
    replaced: int

    @property
    def new(self) -> list[Line]:
        """The examples that are added, the most edited first."""
        return [training_line(review) for review in (*self.edited, *self.accepted)]

    @property
    def training(self) -> list[Line]:
        """All that is learnt."""
        return [*self.kept, *self.new]


def choose(project: Project, store: Store, held: Decision) -> Parts:
    """Edited and accepted finals, the old examples that still hold, and cases to propose."""
    chosen = Chosen(task=held.task)
    edited, sent = _best(training_reviews(project, store, chosen))
    if not edited:
        raise RequestError(
            f"{held.task}: no edited output outside the benchmark, so there is nothing to add to"
            " the training data; `lora-harness reviews import FILE` brings reviews in"
        )
    heavy = [review for review in edited if (review.edit_rate or 0.0) >= HEAVY]
    held_out = {review.id for review in heavy[EVERY - 1 :: EVERY][:MOST_CASES]}
    learnt = [review for review in edited if review.id not in held_out]
    accepted = sent[: len(learnt)]
    old = old_data(project, held.adapter)
    newer = {normal(review.input) for review in (*learnt, *accepted)}
    fresh = [line for line in old.lines if normal(line["input"]) not in newer]
    inside = _inside(project, [*fresh, *map(training_line, (*learnt, *accepted))])
    kept = [line for line in fresh if line["input"] not in inside]
    learnt = [review for review in learnt if review.input not in inside]
    accepted = [review for review in accepted if review.input not in inside]
    cases = list(_proposed(candidate_lines(project, store, chosen), held_out))
    inputs = [line["input"] for line in kept] + [r.input for r in (*learnt, *accepted)]
    return Parts(learnt, accepted, _unlearnt(cases, inputs), old, kept, len(old.lines) - len(fresh))


def _best(reviews: Iterable[Review]) -> tuple[list[Review], list[Review]]:
    """The most edited, the newer of two alike; and the newest that were sent as they were."""
    edited: list[_Ranked] = []
    sent: list[_Ranked] = []
    for review in reviews:
        heap = edited if review.edit_rate else sent
        ranked = ((review.edit_rate or 0.0, review.at, review.seq), review)
        if len(heap) < MOST_EDITED:
            heappush(heap, ranked)
        else:
            heappushpop(heap, ranked)
    return _unpacked(edited), _unpacked(sent)


def _unpacked(heap: list[_Ranked]) -> list[Review]:
    return [review for _, review in sorted(heap, reverse=True)]


def _inside(project: Project, lines: Sequence[Line]) -> set[str]:
    """Inputs that a benchmark holds, reworded or not, as `train` will see the whole file."""
    inputs = [line["input"] for line in lines]
    found = (
        overlap(inputs, case_inputs(one.name, one.cases)) for one in project.benchmarks.values()
    )
    return {inputs[one.index] for many in found for one in many}


def _proposed(lines: Iterable[Line], held_out: set[str]) -> Iterable[Line]:
    """The newest that were thrown away, and the finals that are not learnt."""
    rejected: list[Line] = []
    for line in lines:
        if line["id"] in held_out:
            yield line
        elif "ideal" not in line:
            rejected = [*rejected, line][-MOST_CASES:]
    yield from rejected


def _unlearnt(cases: list[Line], inputs: Sequence[str]) -> list[Line]:
    """Cases that no example of the training file gives away."""
    named = {str(place): case["input"] for place, case in enumerate(cases)}
    learnt = {found.case for found in overlap(inputs, named)}
    return [case for place, case in enumerate(cases) if str(place) not in learnt]
