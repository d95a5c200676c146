"""Many adapters on many benchmarks: what is to be done, who does it, and what came of it.

The base is loaded once, and a failing adapter does not stop the others. What is to be done is
planned first and is plain data; all outputs that it lacks are written ahead as one stream, by
this process or by many workers, and then each verdict is given in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.errors import HarnessError, StoreFailed
from harness.flows.evaluation.prefetch import prefetch
from harness.flows.evaluation.session import Bench
from harness.records import JobResult
from harness.records.verdicts import Job

Worker = Callable[[Bench, Iterable[Job]], Iterator[JobResult]]
"""Does errands and says how each ended, in any order."""


def plan(bench: Bench, adapters: Sequence[str]) -> tuple[list[Job], list[JobResult]]:
    """Every errand, in the order asked; adapters that are refused unseen, with the reason."""
    for name in bench.request.benchmarks:
        bench.benchmark(name)  # an unknown one is the request's fault, not an adapter's
    errands: list[Job] = []
    refused: list[JobResult] = []
    for adapter in dict.fromkeys(adapters):
        try:
            errands += [Job(adapter, found.name) for found in bench.benchmarks(adapter)]
        except HarnessError as problem:
            if len(set(adapters)) == 1:
                raise  # there is nothing else to go on with
            refused.append(_failed(adapter, None, problem))
    return errands, refused


def one_after_another(bench: Bench, errands: Iterable[Job]) -> Iterator[JobResult]:
    """Each verdict is the one that `evaluate` gives."""
    for errand in errands:
        try:
            benchmark = bench.benchmark(errand.benchmark)
            verdict = bench.trial(errand.adapter).evaluate(benchmark).verdict
        except StoreFailed:
            raise  # what cannot be kept need not be made
        except HarnessError as problem:
            yield _failed(errand.adapter, errand.benchmark, problem)
        else:
            yield JobResult(errand.adapter, errand.benchmark, verdict)


def all_written_first(bench: Bench, errands: Iterable[Job]) -> Iterator[JobResult]:
    """What all errands lack is made as one stream; then they end one after another."""
    mine = list(errands)
    prefetch(bench, ((errand.adapter, errand.benchmark, None) for errand in mine))
    yield from one_after_another(bench, mine)


def sweep(
    bench: Bench, adapters: Sequence[str], work: Worker = all_written_first
) -> Iterator[JobResult]:
    """How every errand ended, as they end; adapters that are refused come first."""
    errands, refused = plan(bench, adapters)
    yield from refused
    yield from work(bench, errands)


def _failed(adapter: str, benchmark: str | None, problem: HarnessError) -> JobResult:
    return JobResult(adapter, benchmark, error=str(problem), code=problem.exit_code)
