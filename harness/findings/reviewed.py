"""Compare reviewed inputs with each other, and with the cases of benchmarks and their reserves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from harness.findings.dataset import case_inputs
from harness.findings.overlap import overlap_of
from harness.findings.words import normal
from harness.records import Benchmark, Case, Review


def input_key(review: Review) -> bytes:
    """Return a digest that ignores case, punctuation and white space of the input."""
    return hashlib.sha256(f"{review.task}\0{_whole(review)}".encode()).digest()[:16]


def _whole(given: Review | Case) -> str:
    text = normal(given.conversation) or given.conversation
    # the same question about another document is another input
    return "\0".join((*given.context, text)) if given.context else text


def reserve_id(review: Review) -> str:
    """Return the id of the reserve case that the review's final becomes.

    It follows from the input alone: the same input is proposed under the same id for ever, and a
    person may change the case's texts without anybody losing sight of where they came from.
    """
    return f"sent-{input_key(review).hex()[:12]}"


def same_as_case(benchmark: Benchmark, reviews: Sequence[Review]) -> set[int]:
    """Return the places of the reviews whose input is that of a case or of a reserve case.

    Inputs that only resemble a case are not among them: `held_by` finds those as well.
    """
    inputs = {_whole(case) for case in benchmark.all_cases}
    confirmed = {case.id for case in benchmark.reserve}
    return {
        place
        for place, review in enumerate(reviews)
        if _whole(review) in inputs or reserve_id(review) in confirmed
    }


def held_by(benchmarks: Iterable[Benchmark], reviews: Sequence[Review]) -> set[int]:
    """Return the places of the reviews whose input a case holds, reworded or not.

    The cases of a reserve count as well, also where a person changed their input.
    """
    found: set[int] = set()
    for benchmark in benchmarks:
        found |= {one.index for one in overlap_of(reviews, case_inputs(benchmark))}
        if benchmark.reserve:
            found |= same_as_case(benchmark, reviews)
    return found
