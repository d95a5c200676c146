"""Judge many adapters on many benchmarks: plan the jobs, run them, and yield their results.

The base is loaded once, and a failing adapter does not stop the others. The plan comes first and
is plain data. All missing outputs are then made as a single stream, by this process or by many
workers, and the verdicts follow in turn.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from harness.errors import HarnessError, StoreFailed
from harness.flows.evaluation.prefetch import prefetch
from harness.flows.evaluation.runs import Producer
from harness.flows.evaluation.session import Session
from harness.records import JobResult
from harness.records.verdicts import Job
from harness.time_left import TimeLeft

Made = TypeVar("Made")

Worker = Callable[[Session, Iterable[Job]], Iterator[JobResult]]
"""Runs jobs and yields their results, in any order."""


def plan(session: Session, adapters: Sequence[str]) -> tuple[list[Job], list[JobResult]]:
    """Return every job in the order asked, and the refused adapters with the reason."""
    for name in session.request.benchmarks:
        session.benchmark(name)  # an unknown one is the request's fault, not an adapter's
    jobs: list[Job] = []
    refused: list[JobResult] = []
    for adapter in dict.fromkeys(adapters):
        try:
            jobs += [Job(adapter, found.name) for found in session.benchmarks(adapter)]
        except HarnessError as problem:
            if len(set(adapters)) == 1:
                raise  # no other adapter could still be judged
            refused.append(_failed(adapter, None, problem))
    return jobs, refused


def one_after_another(session: Session, jobs: Iterable[Job]) -> Iterator[JobResult]:
    """Judge each job in turn, with the same verdict as `evaluate`."""
    for adapter, its_jobs in groupby(jobs, key=lambda job: job.adapter):
        for job in its_jobs:
            try:
                benchmark = session.benchmark(job.benchmark)
                verdict = session.candidate(adapter).evaluate(benchmark).verdict
            except StoreFailed:
                raise  # later verdicts could not be stored either
            except HarnessError as problem:
                yield _failed(adapter, job.benchmark, problem)
            else:
                yield JobResult(adapter, job.benchmark, verdict)
        session.forget(adapter)


def all_written_first(session: Session, jobs: Iterable[Job]) -> Iterator[JobResult]:
    """Make the missing outputs of all jobs as a single stream, then judge each job in turn."""
    planned = list(jobs)
    prefetch(session, ((job.adapter, job.benchmark, None) for job in planned))
    yield from judging(session.producer, one_after_another(session, planned), len(planned))


def judging(producer: Producer, verdicts: Iterable[Made], total: int) -> Iterator[Made]:
    """Yield verdicts as they are made, and count them for the time left."""
    left = producer.time_left = TimeLeft()
    left.expect("verdict", total)
    try:
        left.begin(0, Counter(verdict=total), loading=True)  # the embedder, with the first
        begun = time.monotonic()
        for found in verdicts:
            left.did("verdict", 1, time.monotonic() - begun, batch=0)
            yield found
            begun = time.monotonic()
    finally:
        producer.time_left = None


def sweep(
    session: Session, adapters: Sequence[str], work: Worker = all_written_first
) -> Iterator[JobResult]:
    """Yield the result of every job as it ends; refused adapters come first."""
    jobs, refused = plan(session, adapters)
    yield from refused
    yield from work(session, jobs)


def _failed(adapter: str, benchmark: str | None, problem: HarnessError) -> JobResult:
    return JobResult(adapter, benchmark, error=str(problem), code=problem.exit_code)
