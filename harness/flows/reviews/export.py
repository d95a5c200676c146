"""Reviews on their way out: as they are, as training examples, as proposals for the benchmark."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from harness.errors import RequestError
from harness.findings import normal, overlap
from harness.flows.project import Project
from harness.records import Review
from harness.store import Store
from harness.text.redact import OPEN, Redaction
from harness.workspace.formats.fields import suggestion

HEAVY = 0.5
"""The edit rate from which an edited output is a case worth having."""
_AT_ONCE = 1000
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which reviews are asked for."""

    task: str | None = None
    adapter: str | None = None
    since: str | None = None
    from_rate: float = HEAVY
    """For candidates."""

    def check(self, store: Store) -> None:
        """Refuse a task or an adapter that no review is of, where somebody typed its name."""
        for what, asked, known in (
            ("task", self.task, store.reviews.tasks()),
            ("adapter", self.adapter, store.reviews.adapters()),
        ):
            if asked is not None and asked not in known:
                raise RequestError(
                    f"{asked}: no review is of this {what}{suggestion(asked, known)}"
                )

    def of(self, store: Store) -> Iterator[Review]:
        """In the store's order."""
        return store.reviews.each(task=self.task, adapter=self.adapter, since=self.since)


def raw_lines(store: Store, chosen: ReviewFilter, redaction: Redaction = OPEN) -> Iterator[Line]:
    """One line per review, as `reviews import` reads it again; its texts as they may be shown."""
    left_out = {"seq", *(() if redaction.texts else ("input", "output", "final", "reason"))}
    for review in chosen.of(store):
        line = asdict(redaction.record(review))
        yield {name: line[name] for name in line if name not in left_out}


def training_reviews(project: Project, store: Store, chosen: ReviewFilter) -> Iterator[Review]:
    """What was sent: of one input the newest final, and never a benchmark's input."""

    def useful(review: Review) -> bool:
        return bool(review.decision != "rejected" and review.final and review.final.strip())

    return _outside(_guarded(project), _newest(store, chosen, useful))


def training_lines(project: Project, store: Store, chosen: ReviewFilter) -> Iterator[Line]:
    """The same as training examples: inputs with their finals."""
    redaction = _with_texts(project)
    return (training_line(redaction.record(r)) for r in training_reviews(project, store, chosen))


def training_line(review: Review) -> Line:
    """One example, as a training set has it."""
    return {"input": review.input, "output": review.final, "slices": dict(review.slices)}


def candidate_lines(project: Project, store: Store, chosen: ReviewFilter) -> Iterator[Line]:
    """Cases that the benchmark lacks: what was thrown away or rewritten; the ideal where one is.

    They are a proposal. A fixed benchmark is changed by a person.
    """
    redaction = _with_texts(project)

    def telling(review: Review) -> bool:
        rate = review.edit_rate
        return review.decision == "rejected" or (rate is not None and rate >= chosen.from_rate)

    for exact in _outside(_guarded(project), _newest(store, chosen, telling)):
        review = redaction.record(exact)
        ideal = {} if review.final is None else {"ideal": review.final}
        yield {"id": review.id, "input": review.input, **ideal, "slices": dict(review.slices)}


def _with_texts(project: Project) -> Redaction:
    if not project.settings.privacy.texts:
        raise RequestError(
            "[tool.harness.privacy] leaves texts out, and this export has nothing but texts;"
            " --raw writes the rates"
        )
    return project.redaction


def _newest(
    store: Store, chosen: ReviewFilter, wanted: Callable[[Review], bool]
) -> Iterator[Review]:
    """Of the wanted reviews of one input the newest; inputs are remembered as digests only."""
    newest: dict[bytes, tuple[str, int]] = {}
    for review in filter(wanted, chosen.of(store)):
        key, place = _key(review), (review.at, review.seq)
        if place > newest.get(key, ("", 0)):
            newest[key] = place
    for review in filter(wanted, chosen.of(store)):
        if newest.get(_key(review)) == (review.at, review.seq):
            yield review


def _key(review: Review) -> bytes:
    """The same for inputs that differ in case, punctuation or white space only."""
    text = normal(review.input) or review.input
    return hashlib.sha256(f"{review.task}\0{text}".encode()).digest()[:16]


def _guarded(project: Project) -> dict[str, str]:
    """The inputs of every benchmark, which nobody may train on and nobody needs twice."""
    return {
        f"{name}/{case.id}": case.input
        for name, benchmark in project.benchmarks.items()
        for case in benchmark.cases
    }


def _outside(cases: dict[str, str], reviews: Iterable[Review]) -> Iterator[Review]:
    """Reviews whose input is no case, reworded or not."""
    reviews = iter(reviews)
    while some := list(islice(reviews, _AT_ONCE)):
        inside = {found.index for found in overlap([review.input for review in some], cases)}
        yield from (review for place, review in enumerate(some) if place not in inside)
