"""Check that bytes, rows and the chain of decisions are as recorded; name the place of a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.decisions.attest import verify_adapter
from harness.flows.decisions.promoted_file import PROMOTED_FILE, read_promoted_file
from harness.flows.decisions.prune import needed
from harness.flows.evaluation.backends import RecordedBackend
from harness.flows.project import Project
from harness.flows.rejudge import unexplained
from harness.flows.store import open_store
from harness.records import Decision, DoctorCheck
from harness.store import Store
from harness.store.decisions import broken_links
from harness.store.in_production import in_production, pinned
from harness.store.seals import grounds_hold
from harness.workspace.adapters.files import digest_of
from harness.workspace.adapters.keys import public_pem


def verify(
    project: Project, store_url: str | None = None, public_key: Path | None = None
) -> list[DoctorCheck]:
    """Check all that the store holds, the promoted file, and promoted and pinned adapters."""
    if public_key is not None:
        public_pem(public_key)  # a key that is none is refused, whether or not anything is signed
    with closing(open_store(project, store_url)) as store:
        decisions = store.decisions.unchecked()
        links = list(broken_links(decisions))
        unsigned = list(store.decisions.unsigned(decisions))
        found = [
            _named("ledger", links, f"{len(decisions)} decisions, one unbroken chain"),
            _named("runs", store.runs.changed(), f"{len(store.runs.ids())} runs as recorded"),
            _named("verdicts", store.verdicts.changed(), "all as recorded"),
            _named(
                "reviews", list(store.reviews.changed()), f"{store.reviews.count()} as recorded"
            ),
            _named("results", list(store.outputs.changed()), "cached results as recorded"),
        ]
        if store.decisions.fault is not None:
            found.append(_signatures(unsigned))
        # a broken chain, or a foreign decision, cannot say what is promoted
        trusted = not (links or unsigned)
        if all(check.ok for check in found):
            found.append(_named("kept", list(_removed(store)), "all that a decision rests on"))
        if all(check.ok for check in found):
            found.append(_named("grounds", _moved(store), "decisions rest on what they rested on"))
            again = list(_not_again(project, store))
            found.append(_named("judged again", again, "standing verdicts follow from the scores"))
        if trusted:
            held = store.decisions.all()
            by_task = [*sorted(in_production(held).items()), *sorted(pinned(held).items())]
            for decision in {d.digest: d for _, d in by_task}.values():  # hash each adapter once
                found += _adapter(project, decision, public_key)
            found.append(_promoted_file(project, store))
        return found


def _signatures(unsigned: list[str]) -> DoctorCheck:
    if not unsigned:
        return DoctorCheck("signatures", True, "every decision is signed by one of the keys")
    more = f" and {len(unsigned) - 3} more" if len(unsigned) > 3 else ""
    return DoctorCheck("signatures", False, f"{'; '.join(unsigned[:3])}{more}")


def _moved(store: Store) -> list[str]:
    """Return the decisions whose runs or verdict are not those that they were made on."""
    return [
        f"decision {one.seq}, {one.kind} {one.adapter}: rests on other results than it was made on"
        for one in store.decisions.all()
        if not grounds_hold(store, one)
    ]


def _not_again(project: Project, store: Store) -> Iterator[str]:
    """Yield the standing verdicts that do not follow from the stored scores.

    Those stand that a decision rests on, and the last one on each adapter and benchmark as it is
    now, which could still justify a promotion.
    """
    decided = {d.verdict for d in store.decisions.all() if d.verdict}
    present = {benchmark.fingerprint for benchmark in project.benchmarks.values()}
    last = {
        (kept.digest, kept.verdict.benchmark): kept.id
        for kept in store.verdicts.all()
        if kept.verdict.fingerprint in present
    }
    for identity in dict.fromkeys((*sorted(decided), *last.values())):
        verdict = store.verdicts.by_id(identity)
        if verdict is not None:
            yield from unexplained(store, verdict)


def _removed(store: Store) -> Iterator[str]:
    """Yield verdicts and runs that decisions rest on and the store lacks; pruning keeps them."""
    for decision in store.decisions.all():
        # an `accept` names a run in this field, an `acknowledge` an alarm
        verdict = None if decision.kind in ("accept", "acknowledge") else decision.verdict
        if verdict and store.verdicts.by_id(verdict) is None:
            yield f"the verdict of decision {decision.seq} was removed ({verdict})"
    for run in sorted(needed(store) - set(store.runs.ids())):
        yield f"run {run} was removed"


def _named(name: str, wrong: list[str], fine: str) -> DoctorCheck:
    if not wrong:
        return DoctorCheck(name, True, fine)
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return DoctorCheck(name, False, f"changed by hand: {'; '.join(wrong[:3])}{more}")


def _adapter(project: Project, decision: Decision, public_key: Path | None) -> list[DoctorCheck]:
    if decision.base == RecordedBackend.base_digest:
        message = "was judged from recorded outputs, its bytes are elsewhere"
        return [DoctorCheck(f"{decision.adapter} digest", True, message)]
    entry = read_promoted_file(project).get(decision.task)
    files = entry["files"] if entry and digest_of(entry["files"]) == decision.digest else None
    try:
        found = verify_adapter(
            project,
            decision.adapter,
            expected=decision.digest,
            files=files,
            public_key=public_key,
        )
    except HarnessError as problem:
        found = [DoctorCheck("bytes", False, str(problem))]
    return [replace(check, name=f"{decision.adapter} {check.name}") for check in found]


def _promoted_file(project: Project, store: Store) -> DoctorCheck:
    """Check that the ledger has each decision of the promoted file, and the other way round.

    The chain alone cannot show that its last row was removed; this file can.
    """
    # The file is read before the ledger: a decision reaches the ledger before it reaches the file.
    entries = read_promoted_file(project)
    decisions = store.decisions.all()
    known = {decision.hash for decision in decisions}
    for task, entry in entries.items():
        if entry["decision"] not in known:
            wrong = f"names a decision of {entry.get('since')} for {task} that the ledger lacks"
            message = f"{PROMOTED_FILE} {wrong}: rows were removed by hand"
            return DoctorCheck("pointer", False, message)
    for task, decision in in_production(decisions).items():
        entry = entries.get(task, {})
        named = tuple(entry.get(key) for key in ("decision", "adapter", "digest"))
        if named != (decision.hash, decision.adapter, decision.digest):
            wrong = f"does not say what the ledger says for {task}, `lora-harness status` renews it"
            return DoctorCheck("pointer", False, f"{PROMOTED_FILE} {wrong}")
    return DoctorCheck("pointer", True, f"{PROMOTED_FILE} says what the ledger says")
