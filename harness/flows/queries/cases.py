"""The page Cases: the benchmark and its health, and the history of one case across adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.findings.finding import Finding
from harness.findings.health import tired_cases
from harness.flows.project import Project
from harness.flows.queries.shared import (
    chosen_benchmark,
    chosen_metric,
    promoted_on,
    read_page,
    rules_of,
)
from harness.records import RESERVED, Benchmark, Case, CheckResult
from harness.records.holds import EXACT, LABELS, QUOTING, TEXT
from harness.store import Store
from harness.store.health import case_histories
from harness.store.points import CaseSummary

MOMENTS = 30
"""Adapters in the history of a case."""


@dataclass(frozen=True, slots=True)
class CaseMoment:
    """What one adapter's newest run made of the case."""

    adapter: str = field(metadata=EXACT)
    at: str = field(metadata=EXACT)
    run: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    current: bool
    """Whether that is the benchmark's version of today."""
    text: str = field(metadata=TEXT)
    scores: Mapping[str, float | None]
    checks: tuple[CheckResult, ...]
    promoted: bool
    """Whether the adapter is in production now."""


@dataclass(frozen=True, slots=True)
class CaseTimeline:
    """One case across adapters."""

    benchmark: str = field(metadata=EXACT)
    case: Case | None
    """As it is in the project now, else as it was in the newest run; None where it never was."""
    metric: str = field(metadata=EXACT)
    moments: tuple[CaseMoment, ...]
    """The oldest first; at most the newest 30 adapters."""


@read_page
def case_history(
    project: Project, store: Store, benchmark: str, case: str, metric: str | None = None
) -> CaseTimeline:
    """Each adapter once, by its newest complete run that has the case."""
    wanted = chosen_benchmark(project, benchmark)
    scored = store.trends.metrics(wanted.name)
    name = chosen_metric(rules_of(wanted, scored), scored, metric)
    newest = store.trends.newest(wanted.name, name, most=MOMENTS)
    held = promoted_on(store.decisions.all(), wanted)
    found = store.trends.case_results(list(newest.values()), case)
    moments = tuple(
        CaseMoment(
            adapter=one.adapter,
            at=one.started,
            run=one.run,
            fingerprint=one.fingerprint,
            current=one.fingerprint == wanted.fingerprint,
            text=one.result.text,
            scores=one.result.scores,
            checks=one.result.checks,
            promoted=one.adapter == held,
        )
        for one in found
    )
    here = next((one for one in wanted.cases if one.id == case), None)
    return CaseTimeline(
        wanted.name, here or (found[-1].result.case if found else None), name, moments
    )


ADAPTERS = 50
"""The newest that a case's figures are over."""
_TIRED = {
    "saturated": "{n} of {cases} cases are right with every adapter: they can only show a loss",
    "hopeless": "{n} of {cases} cases are right with no adapter: they cannot break",
    "flat": "{n} of {cases} cases hardly tell two adapters apart",
}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case with how adapters did on it: each adapter's newest run counts once."""

    case: Case
    adapters: int
    """With a score on the chosen metric."""
    mean: float | None
    worst: float | None
    best: float | None
    promoted: float | None
    """Of the promoted adapter."""
    notes: tuple[str, ...] = field(metadata=QUOTING)
    """What is wrong with the case, in words: saturated, none gets it right, never discriminates."""


@dataclass(frozen=True, slots=True)
class HealthNote:
    """One finding about the benchmark as a whole."""

    kind: str = field(metadata=EXACT)
    message: str = field(metadata=QUOTING)
    cases: tuple[str, ...] = field(default=(), metadata=EXACT)


@dataclass(frozen=True, slots=True)
class CasesPage:
    """The whole page."""

    benchmark: str = field(metadata=EXACT)
    benchmarks: tuple[str, ...] = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    description: str = field(metadata=QUOTING)
    fingerprint: str = field(metadata=EXACT)
    metric: str = field(metadata=EXACT)
    metrics: tuple[str, ...] = field(metadata=EXACT)
    cases: tuple[CaseRow, ...]
    """In the benchmark's own order."""
    slices: Mapping[str, int] = field(metadata=LABELS)
    """Name (industry=logistics) to number of cases."""
    health: tuple[HealthNote, ...]
    adapters: int
    """Adapters with a complete run on this version."""
    judged: int
    """Candidates that this version has judged."""


@read_page
def cases(
    project: Project, store: Store, benchmark: str | None = None, metric: str | None = None
) -> CasesPage:
    """Without a name the first task's benchmark."""
    wanted = chosen_benchmark(project, benchmark)
    scored = store.trends.metrics(wanted.name)
    rules = rules_of(wanted, scored)
    name = chosen_metric(rules, scored, metric)
    newest = store.trends.newest(wanted.name, name, None, wanted.fingerprint, ADAPTERS)
    runs = [run for adapter, run in newest.items() if adapter not in RESERVED]
    found = store.trends.case_summaries(runs, name)
    tired = _tired(store, wanted)
    held = promoted_on(store.decisions.all(), wanted)
    mine = newest.get(held) if held else None
    promoted = store.trends.scores([mine], name)[mine] if mine else {}
    return CasesPage(
        benchmark=wanted.name,
        benchmarks=tuple(project.benchmarks),
        task=wanted.task,
        description=wanted.description,
        fingerprint=wanted.fingerprint,
        metric=name,
        metrics=tuple(rule.name for rule in rules),
        cases=tuple(
            _row(case, found.get(case.id), promoted.get(case.id), tired.get(case.id, ()))
            for case in wanted.cases
        ),
        slices=_slices(wanted.cases),
        health=_health(tired, len(wanted.cases)),
        adapters=len(runs),
        judged=len(store.verdicts.candidates(wanted.fingerprint)),
    )


def _row(
    case: Case,
    found: CaseSummary | None,
    promoted: float | None,
    tired: tuple[Finding, ...],
) -> CaseRow:
    notes = tuple(one.message.removeprefix(f"{case.id}: ") for one in tired)
    if found is None:
        return CaseRow(case, 0, None, None, None, promoted, notes)
    return CaseRow(case, found.runs, found.mean, found.worst, found.best, promoted, notes)


def _tired(store: Store, benchmark: Benchmark) -> dict[str, tuple[Finding, ...]]:
    """What `benchmark check` says of single cases, by case."""
    places = {case.id: place for place, case in enumerate(benchmark.cases)}
    histories = case_histories(store.database, benchmark.fingerprint)
    found: dict[str, tuple[Finding, ...]] = {}
    for one in tired_cases(histories, places, benchmark):
        case = benchmark.cases[one.line or 0].id
        found[case] = (*found.get(case, ()), one)
    return found


def _health(tired: Mapping[str, tuple[Finding, ...]], cases: int) -> tuple[HealthNote, ...]:
    """One line for each kind of finding, with its cases."""
    kinds: dict[str, list[str]] = {}
    for case, found in tired.items():
        for one in found:
            kinds.setdefault(one.kind, []).append(case)
    return tuple(
        HealthNote(kind, _TIRED.get(kind, kind).format(n=len(mine), cases=cases), tuple(mine))
        for kind, mine in kinds.items()
    )


def _slices(cases: Sequence[Case]) -> dict[str, int]:
    return dict(sorted(Counter(f"{k}={v}" for c in cases for k, v in c.slices.items()).items()))
