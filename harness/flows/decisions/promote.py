"""Promote an adapter that was judged fit, accept a broken case, and list promoted adapters."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import RequestError
from harness.flows.committed_history import write_history
from harness.flows.decisions.decide import (
    DecisionRequest,
    decide,
    drafted,
    look,
    open_to_decide,
)
from harness.flows.decisions.promotable import reference, verdict_for
from harness.flows.decisions.promoted_file import write_committed
from harness.flows.decisions.publish import card
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.mlflow import follow
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.records import Benchmark, Decision
from harness.records.holds import EXACT
from harness.store import Store
from harness.store.decisions import CurrentDecisions
from harness.store.seals import seal_of_grounds
from harness.workspace.adapters.origin import AdapterOrigin, origin_of
from harness.workspace.adapters.served import ServedModel, served_of


@dataclass(frozen=True, slots=True)
class PromotedTask:
    """The promoted and pinned adapters of a task."""

    task: str = field(metadata=EXACT)
    promoted: Decision | None
    pinned: Decision | None
    origin: AdapterOrigin | None = None
    """Where the promoted bytes were fetched from, if they were."""
    served: ServedModel | None = None
    """What was promoted, where it is only a name."""


def promote(
    project: Project,
    name: str,
    *,
    task: str | None,
    by: str,
    why: str,
    store_url: str | None = None,
    engine: str | None = None,
    override: bool = False,
    dry_run: bool = False,
    key: Path | None = None,
) -> Decision:
    """Record a promotion; needs a `promote` verdict on the current benchmark for these bytes.

    `override` promotes against the verdict or without a verdict; it is recorded and always shown.
    """
    ask = DecisionRequest(by, why, task, store_url, dry_run, key)
    backend, adapter = look(project, name, engine)

    def make(store: Store, benchmark: Benchmark) -> tuple[Decision, CurrentDecisions]:
        current = store.decisions.standing(str(benchmark.task))
        held = current.promoted
        if held and (name, adapter.digest) == reference(current, "promoted"):
            if not dry_run:  # the steps after the ledger, in case an earlier promotion was killed
                write_committed(project, store)
                follow(project, store)
                _card(project, store, adapter, held)
            raise RequestError(f"{name}: is promoted already")
        try:
            kept = verdict_for(project, store, benchmark, adapter, current)
        except RequestError:
            if not override:
                raise
            rests_on = None
        else:
            rests_on = kept.id
            if adapter.folder is not None:
                # a README that cannot be edited refuses now, not after the ledger was written
                card(project, name, kept.verdict, dry_run=True)
        made = drafted("promote", project, backend, benchmark, ask, adapter)
        made = replace(made, verdict=rests_on, override=rests_on is None)
        return made, current

    made = decide(project, ask, make)
    if not dry_run:
        with closing(open_store(project, store_url)) as store:
            _card(project, store, adapter, made)
    return made


def _card(project: Project, store: Store, adapter: AdapterRef, decision: Decision) -> None:
    """Write the scores that the decision rests on into the adapter's README.md."""
    verdict = store.verdicts.by_id(decision.verdict) if decision.verdict else None
    if verdict is not None and adapter.folder is not None:
        card(project, adapter.name, verdict)


def accept(
    project: Project,
    case: str,
    run_id: str,
    *,
    by: str,
    why: str,
    store_url: str | None = None,
    key: Path | None = None,
) -> Decision:
    """Record that a person has looked at a broken case of a run and accepts it."""
    ask = DecisionRequest(by, why, store=store_url, key=key)
    with open_to_decide(project, ask) as store:
        run = store.runs.by_id(run_id)
        if run is None:
            raise RequestError(f"{run_id}: no such run, the verdict's JSON names it under `runs`")
        verdict = store.verdicts.of_run(run_id)
        broken = [change.case for change in verdict.broken] if verdict else []
        if case not in broken:
            listed = ", ".join(broken) or "none"
            raise RequestError(f"{case}: did not break in this run (broken: {listed})")
        digest = run.digests["adapter"]
        decision = Decision(
            "accept",
            run.task or run.benchmark,
            run.adapter,
            digest,
            by,
            why,
            utc_now(project.settings.calendar),
            run_id,
            case,
        )
        decision = replace(decision, rests_on=seal_of_grounds(store, decision))
        made = store.decisions.add(decision)
        write_history(project, store)
        return made


def standings(project: Project, store: Store) -> list[PromotedTask]:
    """Return the promoted and pinned adapters of every task of the project."""
    adapters = project.settings.adapters
    found = []
    for task in project.tasks:
        at = store.decisions.standing(task)
        held = at.promoted
        origin = origin_of(adapters / held.adapter, held.digest) if held else None
        served = served_of(adapters, held.adapter, held.digest) if held else None
        found.append(PromotedTask(task, held, at.pinned, origin, served))
    return found
