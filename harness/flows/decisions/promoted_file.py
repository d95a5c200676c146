"""Write and read the promoted file for serving: `adapters/promoted.json`, derived from the ledger.

Serving code reads this file and the adapter's bytes; it needs neither the store nor a model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.errors import (
    AdapterRefused,
    LedgerChanged,
    RequestError,
    WorldFailed,
    reason,
)
from harness.flows.committed_history import renew_history, write_history
from harness.flows.project import Project
from harness.flows.promoted_entries import (
    read_promoted_file,
    refuse_other_project,
    refuse_unknown,
)
from harness.records import Decision
from harness.store import Store
from harness.store.in_production import in_production, puts_in_production
from harness.workspace.adapters.decision_keys import DecisionKeys
from harness.workspace.adapters.files import (
    JUDGED,
    TOKENIZER,
    digest_of,
    file_digest,
    judged_names,
    read_adapter,
)
from harness.workspace.adapters.served import served_of
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.reading import read_json


def write_committed(project: Project, store: Store, *, renew: bool = False) -> Path:
    """Write what the project commits of its decisions: the history, then the promoted file.

    In this order a kill leaves no promoted file whose promotion the history lacks. `renew` writes
    the history only where it lacks a decision.
    """
    refuse_unknown(project, store)
    (renew_history if renew else write_history)(project, store)
    return write_promoted_file(project, store)


def write_promoted_file(project: Project, store: Store) -> Path:
    """Write the promoted adapter of every task that ever had a decision, atomically.

    Of two processes that write at once, the later may know fewer decisions than the earlier: each
    therefore reads the ledger again after it has written, until both agree.
    """
    refuse_unknown(project, store)
    decisions = store.decisions.all()
    while True:
        file = _written(project, decisions)
        seen, decisions = decisions, store.decisions.all()
        if decisions == seen:
            return file


def _written(project: Project, decisions: list[Decision]) -> Path:
    adapters = project.settings.adapters
    before = read_promoted_file(project)
    table = {
        task: _entry(adapters, held, before.get(task, {}).get("files", {}))
        for task, held in sorted(in_production(decisions).items())
    }
    mine = {"project": project.settings.project} if project.settings.project else {}
    text = json.dumps({"format": 1, **mine, "tasks": table}, indent=2) + "\n"
    file = project.promoted_file
    if not file.is_file() or file.read_bytes() != text.encode():
        try:
            write_atomically(file, text)
            file.chmod(0o644)
        except OSError as problem:
            raise WorldFailed(
                f"{file}: cannot be written ({reason(problem)}), the decision stands;"
                " `lora-harness status` writes it after that"
            ) from problem
    return file


def _entry(adapters: Path, held: Decision, known: dict[str, str]) -> dict[str, Any]:
    folder = adapters / held.adapter
    names = (name for name in judged_names(folder) if (folder / name).is_file())
    files = {name: file_digest(folder / name) for name in names}
    plain = {name: files[name] for name in JUDGED if name in files}
    if digest_of(plain) == held.digest:  # of an adapter without a tokenizer, or judged by 1.0.0
        files = plain
    if digest_of(files) != held.digest:
        # The bytes changed since: the promoted digests stay on record if they were known.
        files = known if digest_of(known) == held.digest else {}
    entry = {
        "adapter": held.adapter,
        "digest": held.digest,
        "files": files,
        "since": held.at,
        "override": held.override,
        "decision": held.hash,
    }
    if (served := served_of(adapters, held.adapter, held.digest)) is not None:
        # what serving code asks in place of loading bytes
        entry["served"] = {"url": served.endpoint.url, "model": served.endpoint.model}
    return entry | ({"kind": held.kind, "signature": held.signature} if held.signature else {})


def promoted(task: str, project: str | Path | None = None) -> Path:
    """Return the folder of a task's promoted adapter; refuse bytes that are not the judged bytes.

    For serving code: `model.load_adapter(harness.promoted("outreach"))`.
    """
    place = Project.here(Path(project) if project else None)
    adapters, file = place.settings.adapters, place.promoted_file
    if not file.exists():
        raise RequestError(f"{file}: is not there, `lora-harness status` makes it")
    refuse_other_project(place)
    tasks = read_promoted_file(place)
    if task not in tasks:
        known = read_json(file, RequestError)
        listed = known.get("tasks") if isinstance(known, dict) else None
        if not isinstance(listed, dict) or task in listed:  # listed, but its entry is not sound
            raise RequestError(f"{file}: was damaged, `lora-harness status` makes it anew")
        raise RequestError(f"{task}: nothing is promoted for this task{suggestion(task, tasks)}")
    entry = tasks[task]
    _refuse_unsigned(place, task, entry)
    found = read_adapter(adapters, entry["adapter"])
    if not found.has_judged_bytes(entry["digest"]):
        raise AdapterRefused(
            f"{changed_file(found.folder, entry)}: is not what was promoted,"
            " restore the file or promote the adapter anew"
        )
    return found.folder


def _refuse_unsigned(project: Project, task: str, entry: dict[str, Any]) -> None:
    """Refuse an entry that is not signed by one of the project's keys, where it names any."""
    keys = project.settings.promotion_keys
    if not keys:
        return
    said = {name: str(entry.get(name, "")) for name in ("kind", "signature")}
    decision = Decision(
        said["kind"],  # type: ignore[arg-type]  # any other kind has no signature that fits
        task,
        entry["adapter"],
        entry["digest"],
        by="",
        why="",
        at="",
        hash=entry["decision"],
        signature=said["signature"] or None,
    )
    wrong = DecisionKeys(keys).fault(decision)
    if wrong is None and not puts_in_production([decision]):
        wrong = f"is a {decision.kind}, which puts nothing into production"
    if wrong is not None:
        file = project.promoted_file
        raise LedgerChanged(
            f"{file}: the decision on {entry['adapter']} for {task} {wrong}, see"
            " `lora-harness verify`"
        )


def changed_file(folder: Path, entry: dict[str, Any]) -> str:
    """Return the files whose bytes have changed; all, if the entry does not know their digests."""
    known = entry["files"]
    gone = (name for name in TOKENIZER if name in known)
    places = {name: folder / name for name in dict.fromkeys((*judged_names(folder), *gone))}
    wrong = [
        str(path)
        for name, path in places.items()
        if not path.is_file() or file_digest(path) != known.get(name)
    ]
    if digest_of(known) == entry["digest"]:
        return ", ".join(wrong)
    return " or ".join(str(path) for path in places.values())
