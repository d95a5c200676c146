"""Export reviews: unchanged, as training examples, or as proposed cases for the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from harness.errors import RequestError
from harness.findings.reviewed import held_by, input_key
from harness.findings.set_aside import is_set_aside
from harness.flows.project import Project
from harness.records import Review
from harness.records.training_example import TrainingExample
from harness.store import Store
from harness.text.blanks import is_blank
from harness.text.given import beside_input
from harness.text.redact import OPEN, Redaction
from harness.workspace.formats.fields import suggestion
from harness.workspace.project.training_data import example_object

HEAVY = 0.5
"""Edit rate from which an edited output is worth proposing as a case."""
_BATCH = 1000
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """The selection of reviews to export."""

    task: str | None = None
    adapter: str | None = None
    since: str | None = None
    from_rate: float = HEAVY
    """Lowest edit rate of a proposed case."""

    def check(self, store: Store) -> None:
        """Refuse a requested task or adapter without any review."""
        for what, asked, known in (
            ("task", self.task, store.reviews.tasks()),
            ("adapter", self.adapter, store.reviews.adapters()),
        ):
            if asked is not None and asked not in known:
                raise RequestError(
                    f"{asked}: no review is of this {what}{suggestion(asked, known)}"
                )

    def of(self, store: Store) -> Iterator[Review]:
        """Read the selected reviews, in the order of the store."""
        return store.reviews.each(task=self.task, adapter=self.adapter, since=self.since)


def raw_lines(store: Store, chosen: ReviewFilter, redaction: Redaction = OPEN) -> Iterator[Line]:
    """Yield a line per review that `reviews import` can read again, with its texts masked."""
    left_out = {"seq", *_BESIDE, *(() if redaction.texts else _TEXTS)}
    for exact in chosen.of(store):
        review = redaction.record(exact)
        line: Line = {}
        for name, value in asdict(review).items():
            if name not in left_out:
                line |= _given(review) if name == "input" else {name: value}
        yield line


_BESIDE = ("turns", "system", "context")
_TEXTS = ("input", "output", "final", "reason")


def _given(review: Review) -> Line:
    """Return what the adapter was given; a conversation as `messages`, which end with the input."""
    beside = beside_input(review)
    return beside if review.turns else {"input": review.input, **beside}


def training_reviews(project: Project, store: Store, chosen: ReviewFilter) -> Iterator[Review]:
    """Return the reviews to train on: for each input the newest final, without benchmark inputs."""

    def useful(review: Review) -> bool:
        sent = review.decision != "rejected" and review.final and not is_blank(review.final)
        return bool(sent) and not is_set_aside(review.input, shares.get(review.task, 0.0))

    shares = set_aside_shares(project)

    return _outside(project, _newest(store, chosen, useful))


def training_lines(project: Project, store: Store, chosen: ReviewFilter) -> Iterator[Line]:
    """Return training examples of those reviews, with their texts masked."""
    redaction = _with_texts(project)
    return (training_line(redaction.record(r)) for r in training_reviews(project, store, chosen))


def training_line(review: Review) -> Line:
    """Return a review as a line of a training set; a conversation as the turns of a chat."""
    return {**example_object(training_example(review)), "slices": dict(review.slices)}


def training_example(review: Review) -> TrainingExample:
    """Return a review as an example: the final is learnt, what stands before it is given."""
    return TrainingExample(
        0,
        review.input,
        review.final or "",
        turns=review.turns,
        system=review.system,
        context=review.context,
    )


def candidate_lines(project: Project, store: Store, chosen: ReviewFilter) -> Iterator[Line]:
    """Propose cases that the benchmark lacks: rejected or heavily edited outputs, with any final.

    They are only a proposal: a person changes the benchmark.
    """
    redaction = _with_texts(project)

    def informative(review: Review) -> bool:
        rate = review.edit_rate
        return review.decision == "rejected" or (rate is not None and rate >= chosen.from_rate)

    for exact in _outside(project, _newest(store, chosen, informative)):
        review = redaction.record(exact)
        ideal = {} if review.final is None else {"ideal": review.final}
        yield {"id": review.id, **_given(review), **ideal, "slices": dict(review.slices)}


def set_aside_shares(project: Project) -> dict[str, float]:
    """Return, for each task, the share of reviewed inputs that is kept for judging."""
    found: dict[str, float] = {}
    for benchmark in project.benchmarks.values():
        if benchmark.task is not None:  # of several benchmarks the largest share, as all judge
            share = max(found.get(benchmark.task, 0.0), benchmark.policy.set_aside)
            found[benchmark.task] = share
    return found


def _with_texts(project: Project) -> Redaction:
    """Return the project's redaction; refuse an export of texts where texts are left out."""
    if not project.settings.privacy.texts:
        raise RequestError(
            "[tool.harness.privacy] leaves texts out, and this export has nothing but texts;"
            " --raw writes the rates"
        )
    return project.redaction


def _newest(
    store: Store, chosen: ReviewFilter, wanted: Callable[[Review], bool]
) -> Iterator[Review]:
    """Yield the newest wanted review of each input, in the order of the store.

    Two passes, and digests instead of inputs, keep memory small for millions of reviews.
    """
    newest: dict[bytes, tuple[str, int]] = {}
    for review in filter(wanted, chosen.of(store)):
        key, place = input_key(review), (review.at, review.seq)
        if place > newest.get(key, ("", 0)):
            newest[key] = place
    for review in filter(wanted, chosen.of(store)):
        if newest.get(input_key(review)) == (review.at, review.seq):
            yield review


def _outside(project: Project, reviews: Iterable[Review]) -> Iterator[Review]:
    """Yield the reviews whose input is no case, reworded or not, of a benchmark or its reserve."""
    reviews = iter(reviews)
    # In batches: the cases are prepared anew for every call.
    while some := list(islice(reviews, _BATCH)):
        inside = held_by(project.benchmarks.values(), some)
        yield from (review for place, review in enumerate(some) if place not in inside)
