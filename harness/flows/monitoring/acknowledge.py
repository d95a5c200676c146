"""Acknowledge an alarm: a decision in the ledger, after which the evidence is counted anew.

Tested in tests/flows/monitoring/test_monitor.py.
"""

from __future__ import annotations

from harness.errors import RequestError
from harness.flows.committed_history import write_history
from harness.flows.decisions.decide import DecisionRequest, open_to_decide
from harness.flows.monitoring.drift import drift_of
from harness.flows.monitoring.review_counts import count_reviews
from harness.flows.project import Project, utc_now
from harness.records import Benchmark, Decision, Signal
from harness.store import Store


def acknowledge(project: Project, request: DecisionRequest) -> list[Decision]:
    """Record a decision for every alarm of a task; refuse where there is no alarm."""
    benchmark = project.task_benchmark(request.task)
    with open_to_decide(project, request) as store:
        # Held, so that no promotion comes between the look at the alarms and the decisions.
        with store.decisions.held():
            made = _acknowledgements(project, store, benchmark, request)
            if request.dry_run:
                return made
            recorded = [store.decisions.add(one) for one in made]
        write_history(project, store)
        return recorded


def _acknowledgements(
    project: Project, store: Store, benchmark: Benchmark, request: DecisionRequest
) -> list[Decision]:
    task = str(benchmark.task)
    held = store.decisions.promoted(task)
    if held is None:
        raise RequestError(f"{task}: nothing is promoted, so there is no alarm")
    watched = [
        *count_reviews(project, store, held).watched,
        drift_of(store, held, benchmark)[0],
    ]
    made = [
        Decision(
            "acknowledge", task, held.adapter, held.digest, request.by, request.why,
            utc_now(project.settings.calendar),
            verdict=f"{one.signal}@{_last_seen(store, held, benchmark, one.signal)}",
        )
        for one in watched
        if one.course.alarms
    ]  # fmt: skip
    if not made:
        raise RequestError(f"{task}: no alarm stands, there is nothing to acknowledge")
    return made


def _last_seen(store: Store, held: Decision, benchmark: Benchmark, signal: Signal) -> int:
    """Return the number of the last review, or run, in the store."""
    if signal != "benchmark":
        return store.reviews.last_seq()
    runs = store.runs.numbered(held.digest, benchmark.name, benchmark.fingerprint)
    return runs[-1][0]
