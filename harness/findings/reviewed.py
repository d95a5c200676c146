"""Compare reviewed inputs with each other, and with the cases of benchmarks and their reserves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from harness.findings.dataset import case_inputs
from harness.findings.overlap import overlap_of
from harness.findings.words import normal
from harness.records import Benchmark, Review


def input_key(review: Review) -> bytes:
    """Return a digest that ignores case, punctuation and white space of the input."""
    text = normal(review.conversation) or review.conversation
    if review.context:  # the same question about another document is another input
        text = "\0".join((*review.context, text))
    return hashlib.sha256(f"{review.task}\0{text}".encode()).digest()[:16]


def reserve_id(review: Review) -> str:
    """Return the id of the reserve case that the review's final becomes.

    It follows from the input alone: the same input is proposed under the same id for ever, and a
    person may change the case's texts without anybody losing sight of where they came from.
    """
    return f"sent-{input_key(review).hex()[:12]}"


def held_by(benchmarks: Iterable[Benchmark], reviews: Sequence[Review]) -> set[int]:
    """Return the places of the reviews whose input a case holds, also a case of a reserve."""
    found: set[int] = set()
    for benchmark in benchmarks:
        found |= {one.index for one in overlap_of(reviews, case_inputs(benchmark))}
        confirmed = {case.id for case in benchmark.reserve}
        if confirmed:
            found |= {n for n, one in enumerate(reviews) if reserve_id(one) in confirmed}
    return found
