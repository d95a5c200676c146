"""The promoted adapter on its fixed benchmark: repeated runs, their drift, and the edit rates.

Tested in tests/flows/monitoring/test_monitor.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from harness.alarm.alarm import watched
from harness.alarm.drift import Scores, fall, gates_of
from harness.alarm.drivers import MIN_REVIEWS
from harness.alarm.prediction import rank_correlation
from harness.alarm.week_count import WeekCount
from harness.errors import AdapterRefused
from harness.flows.monitoring.review_counts import acknowledged
from harness.flows.project import Project
from harness.judge.policy import LIKELIHOOD, SIMILARITIES
from harness.progress import OnProgress
from harness.records import Benchmark, Decision, Drift, Prediction, RetrainLine, Run, Watched
from harness.store import Store

if TYPE_CHECKING:
    from harness.flows.evaluation.context import Request


def run_again(
    project: Project,
    held: Decision,
    benchmarks: Sequence[Benchmark],
    request: Request,
    on_progress: OnProgress,
) -> list[Run]:
    """Run the promoted adapter on benchmarks again; refuse other bytes under its name.

    Outputs and scores are made anew, and every call adds runs to the store.
    """
    # Pages only compare runs: they need none of what makes them.
    from harness.flows.evaluation.session import open_session

    with open_session(project, request, on_progress) as session:
        adapter = session.backend.adapter(held.adapter)
        if not adapter.has_judged_bytes(held.digest):
            raise AdapterRefused(
                f"{held.adapter}: its bytes are not those that were promoted"
                f" ({adapter.digest[:12]}, not {held.digest[:12]}), restore them"
            )
        session.backend.check(adapter)
        # Under the digest of the decision, by which its earlier runs and reviews are found.
        adapter = replace(adapter, digest=held.digest)
        return [session.producer.run(adapter, one, refresh=True) for one in benchmarks]


def drift_of(
    store: Store,
    held: Decision,
    benchmark: Benchmark,
    decisions: Sequence[Decision] | None = None,
) -> tuple[Watched, Drift | None]:
    """Compare later runs with the first, or with the last run that an acknowledgement has seen."""
    known = store.decisions.all(held.task) if decisions is None else decisions
    seen = acknowledged(known, held)["benchmark"]
    runs = store.runs.numbered(held.digest, benchmark.name, benchmark.fingerprint)
    # The last run that was seen becomes the first: an acknowledged fall is no news again.
    runs = [run for run in runs if run[0] <= seen][-1:] + [run for run in runs if run[0] > seen]
    policy, line = benchmark.policy, None
    if 0 < policy.break_rate < policy.break_cover < 1:
        # Breaks up to the rate are taken for chance; the cover is the most that the policy permits.
        # The same bytes on the same cases repeat themselves, so that runs do not scatter.
        line = RetrainLine(policy.break_rate, policy.break_cover, scatter=0.0)
    if len(runs) < 2:
        return watched("benchmark", (), line, seen), None
    scores = _scores(store, benchmark, [number for number, _ in runs])
    first, *later = runs
    falls = [fall(scores[first[0]], scores[number], benchmark.metrics) for number, _ in later]
    # Each later run stands for a week of the alarm: of its cases, how many fell.
    weeks = [
        WeekCount(started[:10], one.n, float(len(one.fallen)))
        for (_, started), one in zip(later, falls, strict=True)
    ]
    last = falls[-1]
    drift = Drift(
        benchmark=benchmark.name,
        first=first[1],
        last=later[-1][1],
        runs=len(runs),
        n=last.n,
        fallen=last.fallen,
        means=last.means,
    )
    return watched("benchmark", weeks, line, seen), drift


def _scores(store: Store, benchmark: Benchmark, numbers: Sequence[int]) -> dict[int, Scores]:
    """Read the scores of runs by number, with a query per metric however many runs there are."""
    names = {rule.name for rule in benchmark.metrics} or {LIKELIHOOD, *SIMILARITIES}
    found = {name: store.trends.scores(numbers, name) for name in sorted(names)}
    return {number: {name: found[name][number] for name in found} for number in numbers}


def prediction(
    store: Store, held: Decision, benchmark: Benchmark, since: str | None
) -> Prediction | None:
    """Correlate per-slice scores with per-slice edit rates by rank; None without a run."""
    runs = store.runs.numbered(held.digest, benchmark.name, benchmark.fingerprint)
    if not runs:
        return None
    newest = runs[-1][0]
    scores = _scores(store, benchmark, [newest])[newest]
    gates = gates_of(scores, scores, benchmark.metrics)
    if not gates:
        return None
    gated, by_slice = scores[gates[0].name], defaultdict(list)
    for case in benchmark.cases:
        for name, value in case.slices.items():
            if case.id in gated:
                by_slice[f"{name}={value}"].append(gated[case.id])
    made_by = (held.adapter, held.digest)
    tallies = store.reviews.rates("slice", held.task, since, made_by=made_by)
    edits = {t.key: t.edit_rate for t in tallies if t.final_n >= MIN_REVIEWS}
    both = sorted(by_slice.keys() & edits.keys())
    found = rank_correlation(
        [fmean(by_slice[key]) for key in both], [edits[key] or 0.0 for key in both]
    )
    return Prediction(gates[0].name, found.n, found.rho, found.low, found.high, found.p)
