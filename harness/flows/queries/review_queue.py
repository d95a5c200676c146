"""The page Review: the queue of unreviewed outputs, and blind pairs of two adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import fmean

from harness.flows.project import Project
from harness.flows.queries.shared import PageRate, rate, read_page
from harness.flows.reviews.waiting import Waiting, outputs_of, production_waiting
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.store import Store

CANDIDATES = 10
"""Newest candidates whose outputs can be reviewed."""
SHUT = (
    "texts are left out ([tool.harness.privacy]), so nobody can review them here:"
    " `lora-harness reviews import FILE`"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """The page Review."""

    task: str = field(metadata=EXACT)
    tasks: tuple[str, ...] = field(metadata=EXACT)
    adapter: str | None = field(metadata=EXACT)
    """The author of the outputs; None without a promotion and without a run."""
    adapters: tuple[str, ...] = field(metadata=EXACT)
    """All that can be chosen: the promoted adapter first, then the newest candidates."""
    waiting: tuple[Waiting, ...]
    total: int
    """Number of outputs that wait, of which `waiting` is the beginning."""
    reviewed: int
    """Reviewed outputs of the same sources."""
    missing: str = field(metadata=QUOTING)
    """Why the queue is empty, and the command that fills it; empty where outputs wait."""


@dataclass(frozen=True, slots=True)
class BlindPair:
    """The outputs of two adapters for the same input, in random order."""

    input: str = field(metadata=TEXT)
    left: Waiting
    right: Waiting
    unreviewed: tuple[Waiting, ...]
    """The sides that wait: both, or the one that is left."""


@dataclass(frozen=True, slots=True)
class BlindResult:
    """The reviews of an adapter's outputs in the pairs."""

    adapter: str = field(metadata=EXACT)
    n: int
    accepted: int
    edited: int
    rejected: int
    edit: PageRate
    rejection: PageRate


@read_page
def review_queue(
    project: Project,
    store: Store,
    task: str | None = None,
    adapter: str | None = None,
    limit: int = 200,
) -> Queue:
    """Return the outputs that wait: by default the promoted adapter's or the newest candidate's."""
    tasks = tuple(project.tasks)
    name = task or next(iter(tasks), "")
    benchmark = project.task_benchmark(name or None)
    held = store.decisions.promoted(str(benchmark.task))
    judged = [one.candidate for one in store.trends.judged(benchmark.name, CANDIDATES)]
    adapters = tuple(dict.fromkeys([*([held.adapter] if held else []), *judged]))
    if not project.redaction.texts:
        return Queue(name, tasks, None, adapters, (), 0, 0, SHUT)
    chosen = adapter or next(iter(adapters), None)
    outputs = outputs_of(project, store, benchmark, chosen) if chosen else []
    known = store.reviews.contents([one.key for one in outputs])
    waiting = [one for one in outputs if one.key not in known]
    total, reviewed = len(waiting), len(outputs) - len(waiting)
    if chosen:  # production goes first; there may be many, so only those that are shown are read
        waiting = [*production_waiting(store, str(benchmark.task), chosen, limit), *waiting]
        more, done = store.production.counts(str(benchmark.task), chosen)
        total, reviewed = total + more, reviewed + done
    return Queue(
        task=name,
        tasks=tasks,
        adapter=chosen,
        adapters=adapters,
        waiting=tuple(waiting[:limit]),
        total=total,
        reviewed=reviewed,
        missing=_missing(chosen, total, reviewed),
    )


def _missing(chosen: str | None, waiting: int, reviewed: int) -> str:
    """Return why no output waits, with the command that helps."""
    if waiting:
        return ""
    if chosen is None:
        return "no adapter was judged yet: `pytest --model NAME` makes outputs to review"
    if not reviewed:
        return f"no output of {chosen} yet: `pytest --model {chosen}` makes them"
    return f"all {reviewed} outputs of {chosen} are reviewed: `lora-harness reviews rates`"


@read_page
def blind_pairs(
    project: Project, store: Store, task: str, one: str, other: str, seed: int = 0
) -> tuple[BlindPair, ...]:
    """Return the pairs with an unreviewed output, in an order and on sides drawn by the seed."""
    if not project.redaction.texts:
        return ()
    random = Random(seed)
    found = []
    pairs = _pairs(project, store, task, one, other)
    known = store.reviews.contents([output.key for pair in pairs for output in pair])
    for pair in pairs:
        # Drawn for reviewed pairs as well, so that a review does not swap the sides of later pairs.
        left, right = random.sample(pair, 2)
        if waiting := tuple(side for side in (left, right) if side.key not in known):
            found.append(BlindPair(left.input, left, right, waiting))
    random.shuffle(found)
    return tuple(found)


@read_page
def blind_results(
    project: Project, store: Store, task: str, one: str, other: str
) -> tuple[BlindResult, ...]:
    """Return the reviews of both adapters' outputs; show them only on request."""
    pairs = _pairs(project, store, task, one, other)
    return tuple(
        _result(store, name, [pair[i] for pair in pairs]) for i, name in enumerate((one, other))
    )


def _pairs(
    project: Project, store: Store, task: str, one: str, other: str
) -> list[tuple[Waiting, Waiting]]:
    """Pair the outputs for the same input; leave out equal outputs, which offer no preference."""
    benchmark = project.task_benchmark(task)
    first, second = (outputs_of(project, store, benchmark, name) for name in (one, other))
    by_given = {_given(output): output for output in second}
    found = [(one, by_given[_given(one)]) for one in first if _given(one) in by_given]
    return [pair for pair in found if pair[0].output != pair[1].output]


def _given(output: Waiting) -> tuple[object, ...]:
    """Return all that the adapter was given: the last turn alone stands in many conversations."""
    return output.input, output.turns, output.system, output.context


def _result(store: Store, adapter: str, outputs: Sequence[Waiting]) -> BlindResult:
    found = store.reviews.by_ids([output.key for output in outputs])  # a review's id is that key
    rates = [review.edit_rate for review in found if review.edit_rate is not None]
    decisions = Counter(review.decision for review in found)
    return BlindResult(
        adapter=adapter,
        n=len(found),
        accepted=decisions["accepted"],
        edited=decisions["edited"],
        rejected=decisions["rejected"],
        edit=rate(fmean(rates) if rates else None, len(rates)),
        rejection=rate(decisions["rejected"] / len(found) if found else None, len(found)),
    )
