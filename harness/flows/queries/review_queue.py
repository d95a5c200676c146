"""The page Review: outputs that nobody has reviewed yet, and what a person says about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import fmean

from harness.flows.project import Project
from harness.flows.queries.shared import PageRate, rate, read_page
from harness.flows.reviews.waiting import Waiting, read_waiting, waiting_for
from harness.records import Benchmark, Run
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.store import Store

CANDIDATES = 10
"""The newest whose outputs can be reviewed."""
SHUT = (
    "texts are left out ([tool.harness.privacy]), so nobody can review them here:"
    " `lora-harness reviews import FILE`"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """The whole page."""

    task: str = field(metadata=EXACT)
    tasks: tuple[str, ...] = field(metadata=EXACT)
    adapter: str | None = field(metadata=EXACT)
    """Whose outputs they are; None where nothing is promoted and nothing was run."""
    adapters: tuple[str, ...] = field(metadata=EXACT)
    """Whose outputs can be reviewed: the promoted one first, then the newest candidates."""
    waiting: tuple[Waiting, ...]
    total: int
    """How many wait, of which `waiting` is the beginning."""
    reviewed: int
    """Outputs of the same sources that were reviewed already."""
    missing: str = field(metadata=QUOTING)
    """Why nothing waits, and which command fills the queue; empty where something waits."""


@dataclass(frozen=True, slots=True)
class BlindPair:
    """The same input answered by both adapters, without names; reviewed one by one."""

    input: str = field(metadata=TEXT)
    left: Waiting
    right: Waiting


@dataclass(frozen=True, slots=True)
class BlindResult:
    """What became of one adapter's outputs in the pairs."""

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
    """Without an adapter the promoted one's outputs, else the newest candidate's."""
    tasks = tuple(project.tasks)
    name = task or next(iter(tasks), "")
    benchmark = project.task_benchmark(name or None)
    adapters = _adapters(store, benchmark)
    if not project.redaction.texts:
        return Queue(name, tasks, None, adapters, (), 0, 0, SHUT)
    chosen = adapter or next(iter(adapters), None)
    outputs = outputs_of(project, store, benchmark, chosen) if chosen else []
    known = store.reviews.contents([one.key for one in outputs])
    waiting = tuple(one for one in outputs if one.key not in known)
    return Queue(
        task=name,
        tasks=tasks,
        adapter=chosen,
        adapters=adapters,
        waiting=waiting[:limit],
        total=len(waiting),
        reviewed=len(outputs) - len(waiting),
        missing=_missing(chosen, outputs, waiting),
    )


def _adapters(store: Store, benchmark: Benchmark) -> tuple[str, ...]:
    held = store.decisions.promoted(str(benchmark.task))
    judged = [one.candidate for one in store.trends.judged(benchmark.name, CANDIDATES)]
    return tuple(dict.fromkeys([*([held.adapter] if held else []), *judged]))


def _missing(chosen: str | None, outputs: list[Waiting], waiting: Sequence[Waiting]) -> str:
    if waiting:
        return ""
    if chosen is None:
        return "no adapter was judged yet: `pytest --model NAME` makes outputs to review"
    if not outputs:
        return f"{chosen} has no outputs yet: `pytest --model {chosen}` makes them"
    return f"all {len(outputs)} outputs of {chosen} are reviewed: `lora-harness reviews rates`"


def outputs_of(project: Project, store: Store, benchmark: Benchmark, adapter: str) -> list[Waiting]:
    """Those of production first, then those of the newest run; the same output only once."""
    run = store.runs.newest(adapter, benchmark.name)
    mine = [one for one in read_waiting(project) if one.adapter == adapter]
    found = [one for one in mine if one.task == benchmark.task]
    found += _of_run(run) if run is not None else []
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def _of_run(run: Run) -> list[Waiting]:
    return [
        waiting_for(
            task=str(run.task),
            adapter=run.adapter,
            digest=run.digests.get("adapter", ""),
            input=result.case.input,
            output=result.text,
            slices=result.case.slices,
            origin="benchmark",
            where=result.case.id,
        )
        for result in run.results
        if result.text.strip()
    ]


@read_page
def blind_pairs(
    project: Project, store: Store, task: str, one: str, other: str, seed: int = 0
) -> tuple[BlindPair, ...]:
    """Pairs of which at least one side is not reviewed yet, in seeded random order and sides."""
    if not project.redaction.texts:
        return ()
    chance = Random(seed)
    open_ = []
    pairs = _pairs(project, store, task, one, other)
    known = store.reviews.contents([side.key for pair in pairs for side in pair])
    for pair in pairs:
        left, right = chance.sample(pair, 2)
        if left.key not in known or right.key not in known:
            open_.append(BlindPair(left.input, left, right))
    chance.shuffle(open_)
    return tuple(open_)


@read_page
def blind_results(
    project: Project, store: Store, task: str, one: str, other: str
) -> tuple[BlindResult, ...]:
    """How reviewers treated both adapters' outputs: only to be shown when somebody asks."""
    pairs = _pairs(project, store, task, one, other)
    return tuple(
        _result(store, name, [pair[i] for pair in pairs]) for i, name in enumerate((one, other))
    )


def _pairs(
    project: Project, store: Store, task: str, one: str, other: str
) -> list[tuple[Waiting, Waiting]]:
    """Outputs for the same input that differ: on equal ones there is nothing to prefer."""
    benchmark = project.task_benchmark(task)
    mine, theirs = (outputs_of(project, store, benchmark, name) for name in (one, other))
    by_input = {side.input: side for side in theirs}
    found = [(side, by_input[side.input]) for side in mine if side.input in by_input]
    return [pair for pair in found if pair[0].output != pair[1].output]


def _result(store: Store, adapter: str, outputs: Sequence[Waiting]) -> BlindResult:
    found = store.reviews.by_ids([one.key for one in outputs])
    rates = [review.edit_rate for review in found if review.edit_rate is not None]
    said = Counter(review.decision for review in found)
    return BlindResult(
        adapter=adapter,
        n=len(found),
        accepted=said["accepted"],
        edited=said["edited"],
        rejected=said["rejected"],
        edit=rate(fmean(rates) if rates else None, len(rates)),
        rejection=rate(said["rejected"] / len(found) if found else None, len(found)),
    )
