"""Do the bytes, the rows and the chain still say what was recorded? Each answer names its place."""

from __future__ import annotations

import json
from contextlib import closing

from harness.errors import HarnessError
from harness.flows.opening import open_store
from harness.flows.pointer import POINTER, changed_file
from harness.flows.project import Project
from harness.records import Decision, DoctorCheck
from harness.store import Store
from harness.store.decisions import broken_links
from harness.workspace.adapters import read_adapter


def verify(project: Project, store_url: str | None = None) -> list[DoctorCheck]:
    """Ledger, runs, verdicts, pointer, and the promoted and pinned adapters of every task."""
    with closing(open_store(project, store_url)) as store:
        decisions = store.decisions.unchecked()
        links = list(broken_links(decisions))
        found = [
            _named("ledger", links, f"{len(decisions)} decisions, one unbroken chain"),
            _named("runs", store.runs.changed(), f"{len(store.runs.ids())} runs as recorded"),
            _named("verdicts", store.verdicts.changed(), "all as recorded"),
        ]
        if not links:
            found += _adapters(project, store)
            found.append(_pointer(project, store))
        return found


def _named(name: str, wrong: list[str], fine: str) -> DoctorCheck:
    if not wrong:
        return DoctorCheck(name, True, fine)
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return DoctorCheck(name, False, f"changed by hand: {'; '.join(wrong[:3])}{more}")


def _adapters(project: Project, store: Store) -> list[DoctorCheck]:
    tasks = sorted({decision.task for decision in store.decisions.all()})
    held = {d.hash: d for t in tasks for d in (store.decisions.promoted(t),) if d}
    held |= {d.hash: d for t in tasks for d in (store.decisions.pinned(t),) if d}
    return [_adapter(project, decision) for decision in held.values()]


def _adapter(project: Project, decision: Decision) -> DoctorCheck:
    name = f"{decision.adapter} ({decision.task})"
    try:
        found = read_adapter(project.settings.adapters, decision.adapter)
    except HarnessError as problem:
        return DoctorCheck(name, False, str(problem))
    if found.digest == decision.digest:
        return DoctorCheck(name, True, f"the bytes of decision {decision.seq}")
    entry = _entry(project, decision.task)
    file = found.folder / changed_file(found.folder, entry)
    return DoctorCheck(name, False, f"{file}: is not what decision {decision.seq} was about")


def _entry(project: Project, task: str) -> dict[str, object]:
    try:
        text = (project.settings.adapters / POINTER).read_text(encoding="utf-8")
        entry = json.loads(text)["tasks"][task]
    except (OSError, ValueError, KeyError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _pointer(project: Project, store: Store) -> DoctorCheck:
    tasks = sorted({decision.task for decision in store.decisions.all()})
    for task in tasks:
        held, entry = store.decisions.promoted(task), _entry(project, task)
        if held is not None and entry.get("decision") != held.hash:
            return DoctorCheck(
                "pointer", False, f"{POINTER} is behind the ledger, `lora-harness status` renews it"
            )
    return DoctorCheck("pointer", True, f"{POINTER} says what the ledger says")
