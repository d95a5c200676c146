"""The promoted adapter on the fixed benchmark: run again, weighed, and set beside the edits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from harness.alarm.alarm import WeekCount, watched
from harness.alarm.drift import Fall, Scores, fall, gates_of
from harness.alarm.drivers import MIN_REVIEWS
from harness.alarm.prediction import rank_correlation
from harness.errors import AdapterRefused
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.monitoring.review_counts import acknowledged
from harness.flows.project import Project
from harness.judge.policy import LIKELIHOOD, SIMILARITIES
from harness.progress import OnProgress
from harness.records import Benchmark, Decision, Drift, Prediction, RetrainLine, Run, Watched
from harness.store import Store

Numbered = tuple[int, str]
"""A run's number in the store and its start."""


def run_again(
    project: Project,
    held: Decision,
    benchmarks: Sequence[Benchmark],
    request: Request,
    on_progress: OnProgress,
) -> list[Run]:
    """Generate and score everything anew with the promoted bytes; each time is a run of its own."""
    with open_session(project, request, on_progress) as session:
        adapter = session.backend.adapter(held.adapter)
        if adapter.digest != held.digest:
            raise AdapterRefused(
                f"{held.adapter}: its bytes are not those that were promoted"
                f" ({adapter.digest[:12]}, not {held.digest[:12]}), restore them"
            )
        session.backend.check(adapter)
        return [session.producer.run(adapter, one, refresh=True) for one in benchmarks]


def drift_of(
    store: Store,
    held: Decision,
    benchmark: Benchmark,
    decisions: Sequence[Decision] | None = None,
) -> tuple[Watched, Drift | None]:
    """Every later run against the first; after an acknowledgement, against the last one seen."""
    known = store.decisions.all(held.task) if decisions is None else decisions
    seen = acknowledged(known, held)["benchmark"]
    runs = store.runs.numbered(held.digest, benchmark.name, benchmark.fingerprint)
    runs = [run for run in runs if run[0] <= seen][-1:] + [run for run in runs if run[0] > seen]
    line = _line(benchmark)
    if len(runs) < 2:
        return watched("benchmark", (), line, seen), None
    scores = _scores(store, benchmark, [number for number, _ in runs])
    first, *later = runs
    falls = [fall(scores[first[0]], scores[number], benchmark.metrics) for number, _ in later]
    weeks = [
        WeekCount(started[:10], one.n, float(len(one.fallen)))
        for (_, started), one in zip(later, falls, strict=True)
    ]
    return watched("benchmark", weeks, line, seen), _drift(benchmark, first, later, falls[-1])


def _line(benchmark: Benchmark) -> RetrainLine | None:
    """What the benchmark's policy takes for chance, and what it still lets pass."""
    policy = benchmark.policy
    if not 0 < policy.break_rate < policy.break_cover < 1:
        return None
    return RetrainLine(policy.break_rate, policy.break_cover)


def _drift(benchmark: Benchmark, first: Numbered, later: Sequence[Numbered], last: Fall) -> Drift:
    return Drift(
        benchmark=benchmark.name,
        first=first[1],
        last=later[-1][1],
        runs=1 + len(later),
        n=last.n,
        fallen=last.fallen,
        means=last.means,
    )


def _scores(store: Store, benchmark: Benchmark, numbers: Sequence[int]) -> dict[int, Scores]:
    """By run, all runs asked at once: a nightly run adds no question."""
    names = {rule.name for rule in benchmark.metrics} or {LIKELIHOOD, *SIMILARITIES}
    found = {name: store.trends.scores(numbers, name) for name in sorted(names)}
    return {number: {name: found[name][number] for name in found} for number in numbers}


def prediction(
    store: Store, held: Decision, benchmark: Benchmark, since: str | None
) -> Prediction | None:
    """Rank correlation between per-slice scores and per-slice edit rates; None without a run."""
    runs = store.runs.numbered(held.digest, benchmark.name, benchmark.fingerprint)
    if not runs:
        return None
    newest = runs[-1][0]
    scores = _scores(store, benchmark, [newest])[newest]
    gates = gates_of(scores, scores, benchmark.metrics)
    if not gates:
        return None
    means = _by_slice(benchmark, scores[gates[0].name])
    made_by = (held.adapter, held.digest)
    tallies = store.reviews.rates("slice", held.task, since, made_by=made_by)
    edits = {t.key: t.edit_rate for t in tallies if t.final_n >= MIN_REVIEWS}
    both = sorted(means.keys() & edits.keys())
    found = rank_correlation([means[key] for key in both], [edits[key] or 0.0 for key in both])
    return Prediction(gates[0].name, found.n, found.rho, found.low, found.high, found.p)


def _by_slice(benchmark: Benchmark, scores: Mapping[str, float]) -> dict[str, float]:
    found = defaultdict(list)
    for case in benchmark.cases:
        for name, value in case.slices.items():
            if case.id in scores:
                found[f"{name}={value}"].append(scores[case.id])
    return {key: fmean(values) for key, values in found.items()}
