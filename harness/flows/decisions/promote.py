"""Decisions by people: promote what was judged fit, accept a broken case, say what is promoted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace

from harness.errors import RequestError
from harness.flows.decisions.decide import DecisionRequest, decide, drafted, look
from harness.flows.decisions.promoted_file import write_promoted_file
from harness.flows.decisions.publish import card
from harness.flows.decisions.rejudge import judged_again
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.mlflow import follow
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.records import Benchmark, Decision
from harness.records.holds import EXACT
from harness.store import Store
from harness.store.decisions import CurrentDecisions as At
from harness.store.in_production import rejected
from harness.store.verdicts import StoredVerdict


@dataclass(frozen=True, slots=True)
class PromotedTask:
    """What is promoted for one task."""

    task: str = field(metadata=EXACT)
    promoted: Decision | None
    pinned: Decision | None


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
) -> Decision:
    """Record a promotion; needs a `promote` verdict on the current benchmark for these bytes.

    `override` promotes against the verdict or without one: recorded, and shown wherever it counts.
    """
    ask = DecisionRequest(by, why, task, store_url, dry_run)
    backend, adapter = look(project, name, engine)

    def make(store: Store, benchmark: Benchmark) -> tuple[Decision, At]:
        holding = Holding(store.decisions.standing(str(benchmark.task)))
        held = holding.promoted
        if held and (name, adapter.digest) == holding.named("promoted"):
            if not dry_run:
                write_promoted_file(project, store)  # a promotion that was killed is completed here
                follow(project, store)
                _card(project, store, adapter, held)
            raise RequestError(f"{name}: is promoted already")
        try:
            kept = _fit(project, store, benchmark, adapter, holding)
        except RequestError:
            if not override:
                raise
            rests_on = None
        else:
            rests_on = kept.id
            if adapter.files is not None:
                card(project, name, kept.verdict, dry_run=True)  # refused now, not afterwards
        made = drafted("promote", backend, benchmark, ask, adapter)
        made = replace(made, verdict=rests_on, override=rests_on is None)
        return made, holding.at

    made = decide(project, ask, make)
    if not dry_run:
        with closing(open_store(project, store_url)) as store:
            _card(project, store, adapter, made)
    return made


def _card(project: Project, store: Store, adapter: AdapterRef, decision: Decision) -> None:
    """The scores that the decision rests on, in the adapter's README.md."""
    verdict = store.verdicts.by_id(decision.verdict) if decision.verdict else None
    if verdict is not None and adapter.files is not None:
        card(project, adapter.name, verdict)


def _fit(
    project: Project, store: Store, benchmark: Benchmark, adapter: AdapterRef, holding: Holding
) -> StoredVerdict:
    """The verdict that allows the promotion, judged again from the stored scores."""
    kept = _fitting(project, store, benchmark, adapter, holding)
    if kept.verdict.outcome != "promote":
        raise RequestError(
            f"{adapter.name}: the verdict is {kept.verdict.outcome}, only promote is promoted"
        )
    whole = (kept.verdict, *kept.verdict.guards)
    runs = [run for one in whole for run in one.runs.values()]
    changed = [one for one in store.verdicts.changed() if one == kept.id]
    changed += store.runs.changed(runs)
    if changed:
        raise RequestError(f"{changed[0]}: was changed by hand, see `lora-harness verify`")
    if any(judged_again(store, one).again.outcome != one.outcome for one in whole):
        raise RequestError(
            f"{adapter.name}: the stored scores do not give promote again,"
            f" run `pytest --model {adapter.name}`"
        )
    last = rejected(store.decisions.all(str(benchmark.task)), adapter.digest)
    if last is not None:
        raise RequestError(
            f"{adapter.name}: was rejected by {last.by} ({last.why}), --override promotes it still"
        )
    return kept


class Holding:
    """What is promoted and pinned for a task at this moment."""

    def __init__(self, at: At) -> None:
        self.at = at
        self.promoted, self.pinned = at.promoted, at.pinned

    def named(self, what: str) -> tuple[str, str] | None:
        """Adapter and digest; nothing is pinned where that is the promoted one itself."""
        found = self.promoted if what == "promoted" else self.pinned
        if what == "pinned" and self.promoted and found and found.digest == self.promoted.digest:
            return None
        return (found.adapter, found.digest) if found else None


def _fitting(
    project: Project, store: Store, benchmark: Benchmark, adapter: AdapterRef, holding: Holding
) -> StoredVerdict:
    """The last verdict that was given under what holds now; others say nothing about today."""
    mine = [
        kept
        for kept in store.verdicts.all()
        if (kept.verdict.candidate, kept.verdict.benchmark) == (adapter.name, benchmark.name)
    ]
    guards = {b.name: b.fingerprint for b in project.benchmarks.values() if b.guard}
    reason = "was not judged yet, run"
    for kept in reversed(mine):
        unfit = _unfit(store, kept, benchmark, guards, adapter, holding)
        if unfit is None:
            return kept
        reason = unfit if kept is mine[-1] else reason
    raise RequestError(f"{adapter.name}: {reason} `pytest --model {adapter.name}`")


def _unfit(
    store: Store,
    kept: StoredVerdict,
    benchmark: Benchmark,
    guards: dict[str, str],
    adapter: AdapterRef,
    holding: Holding,
) -> str | None:
    """Why a verdict says nothing about today, None where it does."""
    verdict = kept.verdict
    run = store.runs.by_id(verdict.runs["candidate"])
    if (verdict.fingerprint, verdict.policy) != (benchmark.fingerprint, benchmark.policy):
        return "the benchmark changed since, run"
    if run is None or run.digests["adapter"] != adapter.digest:
        return "its bytes changed since it was judged, run"
    if not run.complete:
        return "was judged on some of the cases only, run"
    if {guard.benchmark: guard.fingerprint for guard in verdict.guards} != guards:
        return "the guard benchmarks changed since, run"
    for what, told in (("promoted", verdict.promoted), ("pinned", verdict.pinned)):
        wanted = holding.named(what)
        if told != (wanted[0] if wanted else None):
            return f"was not compared with the {what} adapter, which is" + (
                f" {wanted[0]} now; run" if wanted else " none now; run"
            )
        reference = store.runs.by_id(verdict.runs.get(what, ""))
        if wanted and reference and adapter.files and reference.digests["adapter"] != wanted[1]:
            return f"the {what} adapter {wanted[0]} has other bytes now; run"
    return None


def accept(
    project: Project, case: str, run_id: str, *, by: str, why: str, store_url: str | None = None
) -> Decision:
    """A person has looked at a broken case of a run and accepts it; recorded, never silent."""
    DecisionRequest(by, why)
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
            "accept",
            run.task or run.benchmark,
            run.adapter,
            digest,
            by,
            why,
            utc_now(),
            run_id,
            case,
        )
        return store.decisions.add(decision)
    finally:
        store.close()


def standings(project: Project, store: Store) -> list[PromotedTask]:
    """Per task of the project, what is promoted and pinned."""
    held = {task: store.decisions.standing(task) for task in project.tasks}
    return [PromotedTask(task, at.promoted, at.pinned) for task, at in held.items()]
