"""The page Cases: a benchmark's cases with their figures, its health, and a case's history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.findings.finding import Finding
from harness.findings.health import tired_cases
from harness.flows.project import Project
from harness.flows.queries.shared import (
    promoted_on,
    read_page,
    selection,
)
from harness.records import RESERVED, Benchmark, Case, CheckResult, slice_names
from harness.records.holds import EXACT, LABELS, QUOTING, TEXT
from harness.store import Store
from harness.store.health import case_histories
from harness.store.points import CaseSummary

ADAPTERS = 50
"""Newest adapters that the figures of a case are taken over."""
MOMENTS = 30
"""Newest adapters in the history of a case."""
_TIRED = {
    "saturated": "{n} of {cases} cases are right with every adapter: they can only show a loss",
    "hopeless": "{n} of {cases} cases are right with no adapter: they cannot break",
    "flat": "{n} of {cases} cases hardly tell two adapters apart",
}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with the scores of adapters on it; each adapter's newest run counts once."""

    case: Case
    adapters: int
    """With a score on the chosen metric."""
    mean: float | None
    worst: float | None
    best: float | None
    promoted: float | None
    """Of the promoted adapter."""
    notes: tuple[str, ...] = field(metadata=QUOTING)
    """Why the case says little: always right, never right, or hardly different by adapter."""


@dataclass(frozen=True, slots=True)
class HealthNote:
    """A finding about the benchmark as a whole."""

    kind: str = field(metadata=EXACT)
    message: str = field(metadata=QUOTING)
    cases: tuple[str, ...] = field(default=(), metadata=EXACT)


@dataclass(frozen=True, slots=True)
class CasesPage:
    """The page Cases, for a benchmark and a metric."""

    benchmark: str = field(metadata=EXACT)
    benchmarks: tuple[str, ...] = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    description: str = field(metadata=QUOTING)
    fingerprint: str = field(metadata=EXACT)
    metric: str = field(metadata=EXACT)
    metrics: tuple[str, ...] = field(metadata=EXACT)
    cases: tuple[CaseRow, ...]
    """In the order of the benchmark."""
    slices: Mapping[str, int] = field(metadata=LABELS)
    """Name (industry=logistics) to number of cases."""
    health: tuple[HealthNote, ...]
    adapters: int
    """Adapters with a complete run on this version."""
    judged: int
    """Candidates with a verdict on this version."""


@dataclass(frozen=True, slots=True)
class CaseMoment:
    """The result of an adapter's newest run on a case."""

    adapter: str = field(metadata=EXACT)
    at: str = field(metadata=EXACT)
    run: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    current: bool
    """Whether the run was on the benchmark's current version."""
    text: str = field(metadata=TEXT)
    scores: Mapping[str, float | None]
    checks: tuple[CheckResult, ...]
    promoted: bool
    """Whether the adapter is in production now."""
    whole: str | None = field(default=None, metadata=TEXT)
    """The text with its thoughts; None where none were taken out."""
    unended: bool = False
    """Whether it never ended its thinking."""


@dataclass(frozen=True, slots=True)
class CaseTimeline:
    """The history of a case across adapters."""

    benchmark: str = field(metadata=EXACT)
    case: Case | None
    """From the project, else from the newest run that has it; None where neither has it."""
    metric: str = field(metadata=EXACT)
    moments: tuple[CaseMoment, ...]
    """The oldest first; at most the newest 30 adapters."""


@read_page
def cases(
    project: Project, store: Store, benchmark: str | None = None, metric: str | None = None
) -> CasesPage:
    """Return the cases of a benchmark, by default of the first task's."""
    wanted, rules, name = selection(project, store, benchmark, metric)
    newest = store.trends.newest(wanted.name, name, None, wanted.fingerprint, ADAPTERS)
    runs = [run for adapter, run in newest.items() if adapter not in RESERVED]
    tired = _tired(store, wanted)
    held = promoted_on(store.decisions.all(), wanted)
    run = newest.get(held) if held else None
    promoted = store.trends.scores([run], name)[run] if run else {}
    return CasesPage(
        benchmark=wanted.name,
        benchmarks=tuple(project.benchmarks),
        task=wanted.task,
        description=wanted.description,
        fingerprint=wanted.fingerprint,
        metric=name,
        metrics=tuple(rule.name for rule in rules),
        cases=_rows(wanted, store.trends.case_summaries(runs, name), promoted, tired),
        slices=dict(
            sorted(Counter(name for c in wanted.cases for name in slice_names(c.slices)).items())
        ),
        health=_health(tired, len(wanted.cases)),
        adapters=len(runs),
        judged=len(store.verdicts.candidates(wanted.fingerprint)),
    )


def _rows(
    benchmark: Benchmark,
    summaries: Mapping[str, CaseSummary],
    promoted: Mapping[str, float],
    tired: Mapping[str, tuple[Finding, ...]],
) -> tuple[CaseRow, ...]:
    """Return a row for each case; a case without any score has no figures."""
    rows = []
    for case in benchmark.cases:
        # The row names its case already, so the message need not.
        notes = tuple(f.message.removeprefix(f"{case.id}: ") for f in tired.get(case.id, ()))
        found, held = summaries.get(case.id), promoted.get(case.id)
        if found is None:
            rows.append(CaseRow(case, 0, None, None, None, held, notes))
        else:
            rows.append(CaseRow(case, found.runs, found.mean, found.worst, found.best, held, notes))
    return tuple(rows)


def _tired(store: Store, benchmark: Benchmark) -> dict[str, tuple[Finding, ...]]:
    """Return by case the findings of `benchmark check` about single cases."""
    places = {case.id: place for place, case in enumerate(benchmark.cases)}
    histories = case_histories(store.database, benchmark.fingerprint)
    found: dict[str, tuple[Finding, ...]] = {}
    for one in tired_cases(histories, places, benchmark):
        case = benchmark.cases[one.line or 0].id
        found[case] = (*found.get(case, ()), one)
    return found


def _health(tired: Mapping[str, tuple[Finding, ...]], cases: int) -> tuple[HealthNote, ...]:
    """Return a note for each kind of finding, with its cases."""
    kinds: dict[str, list[str]] = {}
    for case, found in tired.items():
        for one in found:
            kinds.setdefault(one.kind, []).append(case)
    return tuple(
        HealthNote(kind, _TIRED.get(kind, kind).format(n=len(named), cases=cases), tuple(named))
        for kind, named in kinds.items()
    )


@read_page
def case_history(
    project: Project,
    store: Store,
    benchmark: str,
    case: str,
    metric: str | None = None,
    adapters: Sequence[str] | None = None,
) -> CaseTimeline:
    """Return the history of a case: each adapter once, by its newest complete run that has it.

    By default it goes across the newest adapters.
    """
    wanted, _, name = selection(project, store, benchmark, metric)
    newest = store.trends.newest(wanted.name, name, adapters, most=MOMENTS)
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
            whole=one.result.whole,
            unended=one.result.unended,
        )
        for one in found
    )
    here = next((one for one in wanted.cases if one.id == case), None)
    return CaseTimeline(
        wanted.name, here or (found[-1].result.case if found else None), name, moments
    )
