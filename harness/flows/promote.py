"""Decisions by people: promote what was judged fit, accept a broken case, say what is promoted."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import RequestError
from harness.flows.opening import open_store
from harness.flows.origin import now
from harness.flows.project import Project
from harness.records import RESERVED, Decision
from harness.store import Store
from harness.workspace.adapters import read_adapter


@dataclass(frozen=True, slots=True)
class Standing:
    """What is promoted for one task."""

    task: str
    promoted: Decision | None
    pinned: Decision | None


def said(by: str, why: str) -> None:
    """A decision names who took it and why, in one line each."""
    for what, text in (("--by", by), ("--why", why)):
        if not text.strip() or "\n" in text or len(text) > 2000:
            raise RequestError(f"{what} must say something, in one line")


def promote(
    project: Project, name: str, *, task: str | None, by: str, why: str, store_url: str | None = None
) -> Decision:
    """Record a promotion; needs a `promote` verdict on the current benchmark for these bytes."""
    said(by, why)
    if name in RESERVED:
        raise RequestError(f"{name} is the base model, only adapters are promoted")
    benchmark = project.task_benchmark(task)
    digest = read_adapter(project.settings.adapters, name).digest
    store = open_store(project, store_url)
    try:
        found = store.verdicts.of_candidate(name, benchmark.name)
        if found is None:
            raise RequestError(f"{name}: was not judged yet, run `pytest --model {name}` first")
        identity, verdict = found
        run = store.runs.by_id(verdict.runs["candidate"])
        if verdict.fingerprint != benchmark.fingerprint:
            raise RequestError(f"{name}: the benchmark changed since, run `pytest --model {name}`")
        if run is None or run.digests["adapter"] != digest:
            raise RequestError(
                f"{name}: its bytes changed since it was judged, run `pytest --model {name}`"
            )
        if verdict.outcome != "promote":
            raise RequestError(f"{name}: the verdict is {verdict.outcome}, only promote is promoted")
        promoted = store.decisions.promoted(str(benchmark.task))
        if verdict.promoted != (promoted.adapter if promoted else None):
            raise RequestError(
                f"{name}: the baseline moved to {promoted.adapter if promoted else 'none'}"
                f" meanwhile, run `pytest --model {name}` against it"
            )
        decision = Decision(
            "promote", str(benchmark.task), name, digest, by, why, now(), verdict=identity
        )
        store.decisions.add(decision)
        return decision
    finally:
        store.close()


def accept(
    project: Project, case: str, run_id: str, *, by: str, why: str, store_url: str | None = None
) -> Decision:
    """A person has looked at a broken case of a run and accepts it; recorded, never silent."""
    said(by, why)
    store = open_store(project, store_url)
    try:
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
            "accept", run.task or run.benchmark, run.adapter, digest, by, why, now(), run_id, case
        )
        store.decisions.add(decision)
        return decision
    finally:
        store.close()


def standings(project: Project, store: Store) -> list[Standing]:
    """Per task of the project, what is promoted and pinned."""
    tasks = sorted({b.task for b in project.benchmarks.values() if b.task})
    decisions = store.decisions
    return [Standing(task, decisions.promoted(task), decisions.pinned(task)) for task in tasks]


