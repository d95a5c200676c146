"""Promote an adapter that was judged fit, accept a broken case, and list promoted adapters."""

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
from harness.records import Benchmark, Decision, Run
from harness.records.holds import EXACT
from harness.store import Store
from harness.store.decisions import CurrentDecisions
from harness.store.in_production import rejected
from harness.store.verdicts import StoredVerdict
from harness.workspace.adapters.files import read_adapter
from harness.workspace.adapters.origin import AdapterOrigin, origin_of


@dataclass(frozen=True, slots=True)
class PromotedTask:
    """The promoted and pinned adapters of a task."""

    task: str = field(metadata=EXACT)
    promoted: Decision | None
    pinned: Decision | None
    origin: AdapterOrigin | None = None
    """Where the promoted bytes were fetched from, if they were."""


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

    `override` promotes against the verdict or without a verdict; it is recorded and always shown.
    """
    ask = DecisionRequest(by, why, task, store_url, dry_run)
    backend, adapter = look(project, name, engine)

    def make(store: Store, benchmark: Benchmark) -> tuple[Decision, CurrentDecisions]:
        current = store.decisions.standing(str(benchmark.task))
        held = current.promoted
        if held and (name, adapter.digest) == _reference(current, "promoted"):
            if not dry_run:  # the steps after the ledger, in case an earlier promotion was killed
                write_promoted_file(project, store)
                follow(project, store)
                _card(project, store, adapter, held)
            raise RequestError(f"{name}: is promoted already")
        try:
            kept = _verdict_for(project, store, benchmark, adapter, current)
        except RequestError:
            if not override:
                raise
            rests_on = None
        else:
            rests_on = kept.id
            if adapter.files is not None:
                # a README that cannot be edited refuses now, not after the ledger was written
                card(project, name, kept.verdict, dry_run=True)
        made = drafted("promote", backend, benchmark, ask, adapter)
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
    if verdict is not None and adapter.files is not None:
        card(project, adapter.name, verdict)


def _verdict_for(
    project: Project,
    store: Store,
    benchmark: Benchmark,
    adapter: AdapterRef,
    current: CurrentDecisions,
) -> StoredVerdict:
    """Return the verdict that allows the promotion, judged again from the stored scores."""
    kept = _current_verdict(project, store, benchmark, adapter, current)
    if kept.verdict.outcome != "promote":
        raise RequestError(
            f"{adapter.name}: the verdict is {kept.verdict.outcome}, only promote is promoted"
        )
    whole = (kept.verdict, *kept.verdict.guards)
    # what was changed by hand could turn any verdict into a promotion, so the seals come first
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
    mine = store.decisions.all(str(benchmark.task))
    known = (adapter.digest, *([adapter.files.weights_digest] if adapter.files else []))
    last = next((said for digest in known if (said := rejected(mine, digest))), None)
    if last is not None:
        raise RequestError(
            f"{adapter.name}: was rejected by {last.by} ({last.why}), --override promotes it still"
        )
    return kept


def _reference(current: CurrentDecisions, what: str) -> tuple[str, str] | None:
    """Return name and digest of the promoted or pinned adapter.

    A pin on the promoted adapter counts as none: comparing with it twice would add no evidence.
    """
    promoted, found = current.promoted, current.promoted if what == "promoted" else current.pinned
    if what == "pinned" and promoted and found and found.digest == promoted.digest:
        return None
    return (found.adapter, found.digest) if found else None


def _current_verdict(
    project: Project,
    store: Store,
    benchmark: Benchmark,
    adapter: AdapterRef,
    current: CurrentDecisions,
) -> StoredVerdict:
    """Return the last verdict given under the present benchmark, policy and references."""
    mine = [
        kept
        for kept in store.verdicts.all()
        if (kept.verdict.candidate, kept.verdict.benchmark) == (adapter.name, benchmark.name)
    ]
    guards = {b.name: b.fingerprint for b in project.benchmarks.values() if b.guard}
    reason = "was not judged yet, run"
    for kept in reversed(mine):
        outdated = _outdated(project, store, kept, benchmark, guards, adapter, current)
        if outdated is None:
            return kept
        reason = outdated if kept is mine[-1] else reason  # only the newest is worth explaining
    raise RequestError(f"{adapter.name}: {reason} `pytest --model {adapter.name}`")


def _outdated(
    project: Project,
    store: Store,
    kept: StoredVerdict,
    benchmark: Benchmark,
    guards: dict[str, str],
    adapter: AdapterRef,
    current: CurrentDecisions,
) -> str | None:
    """Return why a verdict no longer justifies a promotion, None if it still does."""
    verdict = kept.verdict
    run = store.runs.by_id(verdict.runs["candidate"])
    if (verdict.fingerprint, verdict.policy) != (benchmark.fingerprint, benchmark.policy):
        return "the benchmark changed since, run"
    if run is None or not adapter.has_judged_bytes(run.digests["adapter"]):
        return "its bytes changed since it was judged, run"
    if run.digests["adapter"] != adapter.digest:
        return "its tokenizer was not part of what was judged, run"
    if not run.complete:
        return "was judged on some of the cases only, run"
    if {guard.benchmark: guard.fingerprint for guard in verdict.guards} != guards:
        return "the guard benchmarks changed since, run"
    for what, compared in (("promoted", verdict.promoted), ("pinned", verdict.pinned)):
        wanted = _reference(current, what)
        if compared != (wanted[0] if wanted else None):
            return f"was not compared with the {what} adapter, which is" + (
                f" {wanted[0]} now; run" if wanted else " none now; run"
            )
        reference = store.runs.by_id(verdict.runs.get(what, ""))
        if wanted and reference and adapter.files and not _same(project, reference, wanted):
            return f"the {what} adapter {wanted[0]} has other bytes now; run"
    return None


def _same(project: Project, run: Run, wanted: tuple[str, str]) -> bool:
    """Return whether a run is of the bytes that a decision about an adapter is about."""
    name, digest = wanted
    if run.digests["adapter"] == digest:
        return True
    files = read_adapter(project.settings.adapters, name)
    return files.has_judged_bytes(digest) and files.has_judged_bytes(run.digests["adapter"])


def accept(
    project: Project, case: str, run_id: str, *, by: str, why: str, store_url: str | None = None
) -> Decision:
    """Record that a person has looked at a broken case of a run and accepts it."""
    DecisionRequest(by, why)  # refuses an empty name or reason
    with closing(open_store(project, store_url)) as store:
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


def standings(project: Project, store: Store) -> list[PromotedTask]:
    """Return the promoted and pinned adapters of every task of the project."""
    adapters = project.settings.adapters
    found = []
    for task in project.tasks:
        at = store.decisions.standing(task)
        held = at.promoted
        origin = origin_of(adapters / held.adapter, held.digest) if held else None
        found.append(PromotedTask(task, held, at.pinned, origin))
    return found
