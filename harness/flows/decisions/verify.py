"""Do the bytes, the rows and the chain still say what was recorded? Each answer names its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.decisions.attest import verify_adapter
from harness.flows.decisions.promoted_file import POINTER, read_pointer
from harness.flows.decisions.prune import needed
from harness.flows.evaluation.backends import RecordedBackend
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.records import Decision, DoctorCheck
from harness.store import Store
from harness.store.decisions import broken_links
from harness.store.in_production import in_production, pinned
from harness.workspace.adapters.signing import judged_digest


def verify(
    project: Project, store_url: str | None = None, public_key: Path | None = None
) -> list[DoctorCheck]:
    """Ledger, runs, verdicts, pointer, and the promoted and pinned adapters of every task."""
    with closing(open_store(project, store_url)) as store:
        decisions = store.decisions.unchecked()
        links = list(broken_links(decisions))
        found = [
            _named("ledger", links, f"{len(decisions)} decisions, one unbroken chain"),
            _named("runs", store.runs.changed(), f"{len(store.runs.ids())} runs as recorded"),
            _named("verdicts", store.verdicts.changed(), "all as recorded"),
            _named(
                "reviews", list(store.reviews.changed()), f"{store.reviews.count()} as recorded"
            ),
        ]
        if all(check.ok for check in found):
            found.append(_named("kept", list(_removed(store)), "all that a decision rests on"))
        if not links:
            found += _adapters(project, store, public_key)
            found.append(_pointer(project, store))
        return found


def _removed(store: Store) -> Iterator[str]:
    """What decisions rest on and the store has no more; pruning never takes it."""
    for decision in store.decisions.all():
        # For the other two it is a run, or an alarm.
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


def _adapters(project: Project, store: Store, public_key: Path | None) -> list[DoctorCheck]:
    decisions = store.decisions.all()
    held = [found for _, found in sorted(in_production(decisions).items())]
    held += [found for _, found in sorted(pinned(decisions).items())]
    by_digest = {decision.digest: decision for decision in held}
    return [
        check
        for decision in by_digest.values()
        for check in _adapter(project, decision, public_key)
    ]


def _adapter(project: Project, decision: Decision, public_key: Path | None) -> list[DoctorCheck]:
    if decision.base == RecordedBackend.base_digest:
        said = "was judged from recorded outputs, its bytes are elsewhere"
        return [DoctorCheck(f"{decision.adapter} digest", True, said)]
    entry = read_pointer(project).get(decision.task)
    files = entry["files"] if entry and judged_digest(entry["files"]) == decision.digest else None
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


def _pointer(project: Project, store: Store) -> DoctorCheck:
    """Whatever the pointer names must be in the ledger: a last row that was removed shows here."""
    entries = read_pointer(project)  # first: what it names was in the ledger before
    decisions = store.decisions.all()
    known = {decision.hash for decision in decisions}
    for task, entry in entries.items():
        if entry["decision"] not in known:
            said = f"names a decision of {entry.get('since')} for {task} that the ledger lacks"
            return DoctorCheck("pointer", False, f"{POINTER} {said}: rows were removed by hand")
    for task, decision in in_production(decisions).items():
        entry = entries.get(task, {})
        told = tuple(entry.get(key) for key in ("decision", "adapter", "digest"))
        if told != (decision.hash, decision.adapter, decision.digest):
            said = f"does not say what the ledger says for {task}, `lora-harness status` renews it"
            return DoctorCheck("pointer", False, f"{POINTER} {said}")
    return DoctorCheck("pointer", True, f"{POINTER} says what the ledger says")
