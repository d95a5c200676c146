"""The page Now: per task what is promoted, is it still good, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from harness.flows.names import adapters_of, is_for
from harness.flows.project import Project
from harness.flows.queries.health import Line, task_health
from harness.flows.queries.next_step import CandidateNow, next_step
from harness.flows.queries.one_look import one_look
from harness.flows.queries.rates import Rate
from harness.flows.queries.shared import benchmark_of
from harness.records import RESERVED, Decision, Health, NextStep, Outcome
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.in_production import in_production, pinned
from harness.store.points import Judged


@dataclass(frozen=True, slots=True)
class PromotedNow:
    """What is in production for a task, and why."""

    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    since: str = field(metadata=EXACT)
    """When it was decided; ISO 8601, UTC."""
    by: str = field(metadata=QUOTING)
    why: str = field(metadata=QUOTING)
    override: bool
    """Promoted against the verdict or without one."""
    age_days: int
    verdict: str | None = field(metadata=EXACT)
    """Id of the verdict that it was promoted with; None where there was none."""
    outcome: Outcome | None = field(metadata=EXACT)
    headline: str = field(metadata=QUOTING)
    """The verdict's first reason; empty where there is no verdict."""
    n: int
    """Cases behind the verdict."""


@dataclass(frozen=True, slots=True)
class TaskNow:
    """One task at a glance."""

    task: str = field(metadata=EXACT)
    benchmark: str | None = field(metadata=EXACT)
    """The task's benchmark; None where the project has none for it any more."""
    cases: int
    """Of that benchmark."""
    promoted: PromotedNow | None
    pinned: str | None = field(metadata=EXACT)
    edit: Rate
    """Of the promoted adapter's outputs since its promotion."""
    rejection: Rate
    edit_line: Line
    rejection_line: Line
    state: Health | None = field(metadata=EXACT)
    """None where it cannot be said: nothing promoted, no reviews or no line."""
    state_why: tuple[str, ...] = field(metadata=QUOTING)
    candidates: tuple[CandidateNow, ...]
    """The newest first, each adapter once."""
    next: NextStep


@dataclass(frozen=True, slots=True)
class Now:
    """The whole page."""

    tasks: tuple[TaskNow, ...]
    runs: int
    """In the store."""
    reviews: int
    synthetic: bool
    """Whether any review in the store is one that nobody made."""


@one_look
def now(project: Project, store: Store, today: date, candidates: int = 5) -> Now:
    """Every task of the project and of the ledger; `today` says how old things are."""
    decisions = store.decisions.all()
    mine = project.tasks
    tasks = dict.fromkeys([*mine, *sorted({d.task for d in decisions if d.kind != "accept"})])
    runs, reviews, _ = store.trends.counts()
    held = in_production(decisions)
    verdicts = store.trends.verdicts([d.verdict for d in held.values() if d.verdict])
    unjudged = _unjudged(project, store, decisions)
    found = tuple(
        _task(
            *(project, store, task, [d for d in decisions if d.task == task]),
            _promoted(held.get(task), verdicts, today),
            candidates,
            [name for name in unjudged if len(mine) == 1 or is_for(project, name, task)],
        )
        for task in tasks
    )
    return Now(found, runs, reviews, store.trends.synthetic())


def _task(
    project: Project,
    store: Store,
    task: str,
    decisions: list[Decision],
    promoted: PromotedNow | None,
    most: int,
    unjudged: list[str],
) -> TaskNow:
    benchmark = benchmark_of(project, task)
    held = in_production(decisions).get(task)
    fixed = pinned(decisions).get(task)
    judged = _candidates(store, benchmark.name, held, most) if benchmark else ()
    health = task_health(project, store, task, held, decisions)
    return TaskNow(
        task=task,
        benchmark=benchmark.name if benchmark else None,
        cases=len(benchmark.cases) if benchmark else 0,
        promoted=promoted,
        pinned=fixed.adapter if fixed else None,
        edit=health.edit,
        rejection=health.rejection,
        edit_line=health.edit_line,
        rejection_line=health.rejection_line,
        state=health.state,
        state_why=health.why,
        candidates=judged,
        next=next_step(
            *(task, held, judged, health.state, decisions),
            reviewed=health.edit.n + health.rejection.n > 0,
            unjudged=unjudged,
        ),
    )


def _unjudged(project: Project, store: Store, decisions: list[Decision]) -> list[str]:
    """Adapters that no verdict and no decision is about."""
    names = adapters_of(project)
    known = {*store.trends.candidates(names), *(one.adapter for one in decisions), *RESERVED}
    return [name for name in names if name not in known]


def _promoted(
    held: Decision | None, verdicts: Mapping[str, Judged], today: date
) -> PromotedNow | None:
    if held is None:
        return None
    verdict = verdicts.get(held.verdict or "")
    return PromotedNow(
        adapter=held.adapter,
        digest=held.digest,
        since=held.at,
        by=held.by,
        why=held.why,
        override=held.override,
        age_days=(today - date.fromisoformat(held.at[:10])).days,
        verdict=held.verdict if verdict else None,
        outcome=verdict.outcome if verdict else None,
        headline=verdict.reason if verdict else "",
        n=verdict.n if verdict else 0,
    )


def _candidates(
    store: Store, benchmark: str, held: Decision | None, most: int
) -> tuple[CandidateNow, ...]:
    return tuple(
        CandidateNow(
            adapter=one.candidate,
            outcome=one.outcome,
            when=one.made,
            reason=one.reason,
            n=one.n,
            run=one.run,
            verdict=one.id,
            digest=one.digest,
            promoted=held is not None and held.digest == one.digest,
        )
        for one in store.trends.judged(benchmark, most)
    )
