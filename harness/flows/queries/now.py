"""The page Now: for each task the promoted adapter, its state in production, the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from harness.flows.names import adapters_of, is_for
from harness.flows.project import Project
from harness.flows.queries.health import RateLine, task_health
from harness.flows.queries.next_step import CandidateNow, next_step
from harness.flows.queries.shared import PageRate, benchmark_of, read_page
from harness.records import (
    NOT_BYTES,
    RESERVED,
    AlarmState,
    Decision,
    EndpointCheck,
    NextStep,
    Outcome,
)
from harness.records.holds import EXACT, QUOTING
from harness.render.evidence import EvidenceRow, evidence
from harness.store import Store
from harness.store.in_production import in_production, pinned
from harness.workspace.adapters.served import SERVED, served_of


@dataclass(frozen=True, slots=True)
class PromotedNow:
    """The adapter in production for a task, and the decision behind it."""

    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    since: str = field(metadata=EXACT)
    """Time of the decision; ISO 8601, UTC."""
    by: str = field(metadata=QUOTING)
    why: str = field(metadata=QUOTING)
    override: bool
    """Promoted against the verdict or without a verdict."""
    age_days: int
    verdict: str | None = field(metadata=EXACT)
    """Id of the verdict that the promotion rests on, or None."""
    outcome: Outcome | None = field(metadata=EXACT)
    headline: str = field(metadata=QUOTING)
    """The verdict's first reason; empty without a verdict."""
    n: int
    """Cases behind the verdict."""
    evidence: tuple[EvidenceRow, ...]
    """Cases, reserve and finals; none for a verdict of the first rule."""
    served: str = field(default="", metadata=EXACT)
    """The model and its address, where it is a name and no bytes."""
    asked: str = field(default="", metadata=EXACT)
    """The day on which the answers behind the verdict were given, for a name."""


@dataclass(frozen=True, slots=True)
class TaskNow:
    """A task at a glance."""

    task: str = field(metadata=EXACT)
    benchmark: str | None = field(metadata=EXACT)
    """The task's benchmark; None where the project no longer has a benchmark for it."""
    cases: int
    """Of that benchmark."""
    promoted: PromotedNow | None
    pinned: str | None = field(metadata=EXACT)
    edit: PageRate
    """Of the promoted adapter's outputs since its promotion."""
    rejection: PageRate
    edit_line: RateLine
    rejection_line: RateLine
    state: AlarmState | None = field(metadata=EXACT)
    """None where it cannot be known: no promotion, no reviews or no declared line."""
    state_why: tuple[str, ...] = field(metadata=QUOTING)
    endpoint: EndpointCheck | None
    """What its live endpoint answered when it was last asked."""
    candidates: tuple[CandidateNow, ...]
    """The newest first, each adapter once."""
    next: NextStep
    client: str = field(default="", metadata=EXACT)
    """Whose task it is, where its adapters lie in a client's folder: `acme` of `acme/voice_v2`."""


@dataclass(frozen=True, slots=True)
class Now:
    """The page Now."""

    tasks: tuple[TaskNow, ...]
    """Those that need a person first."""
    runs: int
    """In the store."""
    reviews: int
    synthetic: bool
    """Whether any review in the store is synthetic."""


@read_page
def now(project: Project, store: Store, today: date, candidates: int = 5) -> Now:
    """Return the state of every task of the project and of the ledger on the day `today`."""
    decisions = store.decisions.all()
    declared = project.tasks
    tasks = dict.fromkeys([*declared, *sorted({d.task for d in decisions if d.kind != "accept"})])
    runs, reviews, _ = store.trends.counts()
    names = adapters_of(project)
    known = {*store.trends.candidates(names), *(d.adapter for d in decisions), *RESERVED}
    unjudged = [name for name in names if name not in known]
    promoted = _promoted(project, store, in_production(decisions), today)
    found = tuple(
        _task(
            *(project, store, task, [d for d in decisions if d.task == task]),
            promoted.get(task),
            candidates,
            [name for name in unjudged if len(declared) == 1 or is_for(project, name, task)],
        )
        for task in tasks
    )
    # Sorting is stable: tasks in the same state stay in the project's order.
    urgent = tuple(sorted(found, key=_urgency))
    return Now(urgent, runs, reviews, store.trends.synthetic())


def _urgency(task: TaskNow) -> int:
    """Return a task's place: an alarm first, then an override, a doubt, nothing known, steady."""
    if task.state == "retrain":
        return 0
    if task.promoted is not None and task.promoted.override:
        return 1
    return {"watch": 2, None: 3, "steady": 4}[task.state]


def _task(
    project: Project,
    store: Store,
    task: str,
    decisions: list[Decision],
    promoted: PromotedNow | None,
    max_candidates: int,
    unjudged: list[str],
) -> TaskNow:
    benchmark = benchmark_of(project, task)
    held = in_production(decisions).get(task)
    fixed = pinned(decisions).get(task)
    judged = _candidates(store, benchmark.name, held, max_candidates) if benchmark else ()
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
        endpoint=store.endpoint_checks.last().get(task),
        candidates=judged,
        next=next_step(
            *(task, held, judged, health.state, decisions),
            reviewed=health.edit.n + health.rejection.n > 0,
            unjudged=unjudged,
        ),
        client=_client(held.adapter if held else next((one.adapter for one in judged), "")),
    )


def _client(adapter: str) -> str:
    """Return the client of an adapter's name; empty where adapters lie side by side."""
    return adapter.rpartition("/")[0]


def _promoted(
    project: Project, store: Store, held: Mapping[str, Decision], today: date
) -> dict[str, PromotedNow]:
    """Return the adapter in production for each task, with a single query for all verdicts."""
    verdicts = store.verdicts.by_ids([d.verdict for d in held.values() if d.verdict])
    found = {}
    for task, decision in held.items():
        verdict = verdicts.get(decision.verdict or "")
        found[task] = PromotedNow(
            adapter=decision.adapter,
            digest=decision.digest,
            since=decision.at,
            by=decision.by,
            why=decision.why,
            override=decision.override,
            age_days=(today - date.fromisoformat(decision.at[:10])).days,
            verdict=decision.verdict if verdict else None,
            outcome=verdict.outcome if verdict else None,
            headline=next(iter(verdict.reasons), "") if verdict else "",
            n=verdict.n if verdict else 0,
            evidence=evidence(verdict) if verdict else (),
            served=_served(project, decision),
            asked=_asked(store, decision),
        )
    return found


def _served(project: Project, held: Decision) -> str:
    """Return what a name stands for; of a name that was changed since, only that it is one."""
    if held.base != NOT_BYTES:
        return ""
    found = served_of(project.settings.adapters, held.adapter, held.digest)
    return found.called if found else f"another model now, see its {SERVED}"


def _asked(store: Store, held: Decision) -> str:
    """Return the day on which a name last gave its oldest answer; empty for bytes."""
    if held.base != NOT_BYTES or held.benchmark is None:
        return ""
    run = store.runs.newest(held.adapter, held.benchmark)
    return str(run.origin.get("asked", ""))[:10] if run else ""


def _candidates(
    store: Store, benchmark: str, held: Decision | None, limit: int
) -> tuple[CandidateNow, ...]:
    """Return the newest judged adapters."""
    key = ("candidates", benchmark, held, limit)
    return store.database.memory.of(key, lambda: _newest(store, benchmark, held, limit))


def _newest(
    store: Store, benchmark: str, held: Decision | None, limit: int
) -> tuple[CandidateNow, ...]:
    judged = store.trends.judged(benchmark, limit)
    verdicts = store.verdicts.by_ids([one.id for one in judged])
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
            gain=one.gain,
            evidence=evidence(verdicts[one.id]),
        )
        for one in judged
    )
