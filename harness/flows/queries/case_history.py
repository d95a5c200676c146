"""The history of one case: what each adapter's newest run made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.flows.project import Project
from harness.flows.queries.one_look import one_look
from harness.flows.queries.shared import chosen_benchmark, chosen_metric, promoted_on, rules_of
from harness.records import Case, CheckResult
from harness.records.holds import EXACT, TEXT
from harness.store import Store

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
class CaseHistory:
    """One case across adapters."""

    benchmark: str = field(metadata=EXACT)
    case: Case | None
    """As it is in the project now, else as it was in the newest run; None where it never was."""
    metric: str = field(metadata=EXACT)
    moments: tuple[CaseMoment, ...]
    """The oldest first; at most the newest 30 adapters."""


@one_look
def case_history(
    project: Project, store: Store, benchmark: str, case: str, metric: str | None = None
) -> CaseHistory:
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
    return CaseHistory(
        wanted.name, here or (found[-1].result.case if found else None), name, moments
    )
