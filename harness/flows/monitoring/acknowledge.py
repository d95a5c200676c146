"""A person has seen an alarm: recorded for ever, and the count begins anew after what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from harness.errors import RequestError
from harness.flows.decisions.decide import DecisionRequest
from harness.flows.monitoring.drift import drift_of
from harness.flows.monitoring.review_counts import count_reviews
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.records import Benchmark, Decision, Signal
from harness.store import Store


def acknowledge(project: Project, ask: DecisionRequest) -> list[Decision]:
    """One decision for every alarm that stands; refused where none does."""
    benchmark = project.task_benchmark(ask.task)
    task = str(benchmark.task)
    with closing(open_store(project, ask.store)) as store, store.decisions.held():
        held = store.decisions.promoted(task)
        if held is None:
            raise RequestError(f"{task}: nothing is promoted, so there is no alarm")
        made = [
            Decision(
                "acknowledge", task, held.adapter, held.digest, ask.by, ask.why, utc_now(),
                verdict=f"{signal}@{_seen(store, held, benchmark, signal)}",
            )
            for signal in standing(project, store, held, [benchmark])
        ]  # fmt: skip
        if not made:
            raise RequestError(f"{task}: no alarm stands, there is nothing to acknowledge")
        return made if ask.dry_run else [store.decisions.add(one) for one in made]


def standing(
    project: Project, store: Store, held: Decision, benchmarks: Sequence[Benchmark]
) -> list[Signal]:
    """What raised an alarm that nobody has acknowledged."""
    watched = [*count_reviews(project, store, held).watched]
    watched += [drift_of(store, held, benchmark)[0] for benchmark in benchmarks]
    return [one.signal for one in watched if one.course.alarms]


def _seen(store: Store, held: Decision, benchmark: Benchmark, signal: Signal) -> int:
    """The number of the last review, or run, that there is now."""
    if signal != "benchmark":
        return store.reviews.last_seq()
    runs = store.runs.numbered(held.digest, benchmark.name, benchmark.fingerprint)
    return runs[-1][0]
