"""Many adapters on many benchmarks: what is to be done, who does it, and what came of it.

The base is loaded once, and a failing adapter does not stop the others. What is to be done is
planned first and is plain data; all outputs that it lacks are written ahead as one stream, by
this process or by many workers, and then each verdict is given in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.errors import HarnessError, StoreFailed
from harness.flows.evaluation.prefetch import prefetch
from harness.flows.evaluation.session import Session
from harness.records import JobResult
from harness.records.verdicts import Job

Worker = Callable[[Session, Iterable[Job]], Iterator[JobResult]]
"""Does jobs and says how each ended, in any order."""


def plan(session: Session, adapters: Sequence[str]) -> tuple[list[Job], list[JobResult]]:
    """Every job, in the order asked; adapters that are refused unseen, with the reason."""
    for name in session.request.benchmarks:
        session.benchmark(name)  # an unknown one is the request's fault, not an adapter's
    jobs: list[Job] = []
    refused: list[JobResult] = []
    for adapter in dict.fromkeys(adapters):
        try:
            jobs += [Job(adapter, found.name) for found in session.benchmarks(adapter)]
        except HarnessError as problem:
            if len(set(adapters)) == 1:
                raise  # there is nothing else to go on with
            refused.append(_failed(adapter, None, problem))
    return jobs, refused


def one_after_another(session: Session, jobs: Iterable[Job]) -> Iterator[JobResult]:
    """Each verdict is the one that `evaluate` gives."""
    for job in jobs:
        try:
            benchmark = session.benchmark(job.benchmark)
            verdict = session.candidate(job.adapter).evaluate(benchmark).verdict
        except StoreFailed:
            raise  # what cannot be kept need not be made
        except HarnessError as problem:
            yield _failed(job.adapter, job.benchmark, problem)
        else:
            yield JobResult(job.adapter, job.benchmark, verdict)


def all_written_first(session: Session, jobs: Iterable[Job]) -> Iterator[JobResult]:
    """What all jobs lack is made as one stream; then they end one after another."""
    mine = list(jobs)
    prefetch(session, ((job.adapter, job.benchmark, None) for job in mine))
    yield from one_after_another(session, mine)


def sweep(
    session: Session, adapters: Sequence[str], work: Worker = all_written_first
) -> Iterator[JobResult]:
    """How every job ended, as they end; adapters that are refused come first."""
    jobs, refused = plan(session, adapters)
    yield from refused
    yield from work(session, jobs)


def _failed(adapter: str, benchmark: str | None, problem: HarnessError) -> JobResult:
    return JobResult(adapter, benchmark, error=str(problem), code=problem.exit_code)
