"""Check that bytes, rows and the chain of decisions are as recorded; name the place of a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.decisions.attest import verify_adapter
from harness.flows.decisions.prune import needed
from harness.flows.decisions.row_checks import check_rows, rows_of
from harness.flows.evaluation.backends import RecordedBackend, open_backend
from harness.flows.project import PROMOTED_FILE, Project
from harness.flows.promoted_entries import read_promoted_file
from harness.flows.store import open_store
from harness.progress import OnProgress
from harness.records import NOT_BYTES, Decision, DoctorCheck
from harness.store import Store
from harness.store.decisions import broken_links
from harness.store.in_production import in_production, pinned
from harness.workspace.adapters.files import digest_of
from harness.workspace.adapters.keys import public_pem
from harness.workspace.adapters.served import SERVED, served_of


def silent(step: str, done: int, total: int) -> None:
    """Ignore the progress."""


def verify(
    project: Project,
    store_url: str | None = None,
    public_key: Path | None = None,
    on_progress: OnProgress = silent,
) -> list[DoctorCheck]:
    """Check all that the store holds, the promoted file, and promoted and pinned adapters.

    `public_key` is read even where nothing is promoted: a wrong file is no key that holds.
    """
    if public_key is not None:
        public_pem(public_key)
    with closing(open_store(project, store_url, checked=False)) as store:
        decisions = store.decisions.unchecked()
        links = list(broken_links(decisions))
        unsigned = list(store.decisions.unsigned(decisions))
        rows = rows_of(store)
        wrong = check_rows(store, rows, "rows", on_progress)
        found = [
            _named("ledger", links, f"{len(decisions)} decisions, one unbroken chain"),
            _named("runs", wrong["runs"], f"{len(rows['runs'])} runs as recorded"),
            _named("verdicts", wrong["verdicts"], "all as recorded"),
            _named("reviews", wrong["reviews"], f"{len(rows['reviews'])} as recorded"),
            _named("results", wrong["results"], "cached results as recorded"),
        ]
        if store.decisions.fault is not None:
            found.append(_signatures(unsigned))
        # a broken chain, or a foreign decision, cannot say what is promoted
        trusted = not (links or unsigned)
        if all(check.ok for check in found):
            found.append(_named("kept", list(_removed(store)), "all that a decision rests on"))
        if all(check.ok for check in found):
            found += _standing(project, store, decisions, on_progress)
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


def _standing(
    project: Project, store: Store, decisions: list[Decision], on_progress: OnProgress
) -> list[DoctorCheck]:
    """Check what decisions rest on, and that the verdicts that stand follow from the scores.

    Those stand that a decision rests on, and the last one on each adapter and benchmark as it is
    now, which could still justify a promotion.
    """
    present = {benchmark.fingerprint for benchmark in project.benchmarks.values()}
    last = {
        (digest, benchmark): identity
        for identity, digest, benchmark, fingerprint in store.verdicts.heads()
        if fingerprint in present
    }
    decided = sorted({decision.verdict for decision in decisions if decision.verdict})
    standing = {
        "grounds": [decision.hash for decision in decisions],
        "judged again": list(dict.fromkeys((*decided, *last.values()))),
    }
    wrong = check_rows(store, standing, "verdicts", on_progress)
    return [
        _named("grounds", wrong["grounds"], "decisions rest on what they rested on"),
        _named("judged again", wrong["judged again"], "standing verdicts follow from the scores"),
    ]


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
        return [_recorded(project, decision)]
    if decision.base == NOT_BYTES:
        return [_name(project, decision)]
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


def _name(project: Project, decision: Decision) -> DoctorCheck:
    """Check that a decision's name still stands for the same model on the same server."""
    found = served_of(project.settings.adapters, decision.adapter, decision.digest)
    if found is None:
        place = project.settings.adapters / decision.adapter / SERVED
        message = f"{place}: does not name the model that was judged, restore it"
        return DoctorCheck(f"{decision.adapter} name", False, message)
    return DoctorCheck(f"{decision.adapter} name", True, f"{NOT_BYTES}: {found.called}")


def _recorded(project: Project, decision: Decision) -> DoctorCheck:
    """Compare the recorded outputs with those judged, where the settings say where they are."""
    name = f"{decision.adapter} digest"
    if project.settings.engine.partition(":")[0] != "recorded":
        return DoctorCheck(name, True, "was judged from recorded outputs, its bytes are elsewhere")
    try:
        with closing(open_backend(project, None, lambda: Path())) as backend:
            now = backend.adapter(decision.adapter).digest
    except HarnessError as problem:
        return DoctorCheck(name, False, str(problem))
    if now != decision.digest:
        message = f"its recorded outputs are {now[:12]}, judged were {decision.digest[:12]}"
        return DoctorCheck(name, False, message)
    return DoctorCheck(name, True, f"{now}, the judged recorded outputs")


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
