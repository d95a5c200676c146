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
    StoreFailed,
    WorldFailed,
    reason,
)
from harness.flows.project import Project
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
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.reading import read_json

PROMOTED_FILE = "promoted.json"


def write_promoted_file(project: Project, store: Store) -> Path:
    """Write the promoted adapter of every task that ever had a decision, atomically.

    Of two processes that write at once, the later may know fewer decisions than the earlier: each
    therefore reads the ledger again after it has written, until both agree.
    """
    refuse_other_ledger(project, store)
    decisions = store.decisions.all()
    while True:
        file = _written(project, decisions)
        seen, decisions = decisions, store.decisions.all()
        if decisions == seen:
            return file


def refuse_other_ledger(project: Project, store: Store) -> None:
    """Refuse a store that lacks a decision of the promoted file: it is not the project's store."""
    _refuse_other_project(project)
    # The file is read before the ledger: a decision reaches the ledger before it reaches the file.
    entries = read_promoted_file(project)
    known = {decision.hash for decision in store.decisions.all()}
    for task, entry in entries.items():
        if entry["decision"] not in known:
            file = project.settings.adapters / PROMOTED_FILE
            raise StoreFailed(
                f"the store {store.database.shown} lacks the promotion of {entry['adapter']} for"
                f" {task} that {file} names: bring back the store that has it, or remove that file"
                " to begin anew"
            )


def _written(project: Project, decisions: list[Decision]) -> Path:
    adapters = project.settings.adapters
    before = read_promoted_file(project)
    table = {
        task: _entry(adapters, held, before.get(task, {}).get("files", {}))
        for task, held in sorted(in_production(decisions).items())
    }
    mine = {"project": project.settings.project} if project.settings.project else {}
    text = json.dumps({"format": 1, **mine, "tasks": table}, indent=2) + "\n"
    file = adapters / PROMOTED_FILE
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
    return entry | ({"kind": held.kind, "signature": held.signature} if held.signature else {})


def read_promoted_file(project: Project) -> dict[str, dict[str, Any]]:
    """Return the promoted file's sound entries by task; none if it is missing or damaged."""
    try:
        found = read_json(project.settings.adapters / PROMOTED_FILE, RequestError)["tasks"].items()
    except (RequestError, AttributeError, LookupError, TypeError):
        return {}
    return {task: entry for task, entry in found if _is_sound(entry)}


def _refuse_other_project(project: Project) -> None:
    """Refuse a promoted file of another project; one without an id is taken over."""
    file, mine = project.settings.adapters / PROMOTED_FILE, project.settings.project
    try:
        theirs = read_json(file, RequestError).get("project")
    except (RequestError, AttributeError):  # missing or damaged, it is written anew
        return
    if theirs not in (None, mine):
        said = f"pyproject.toml names {mine}" if mine else "pyproject.toml names no `project`"
        raise RequestError(
            f"{file}: is of project {str(theirs)[:60]!r}, {said}: correct the id, or name another"
            " folder as `adapters`"
        )


def _is_sound(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("files"), dict):
        return False
    texts = [entry.get(key) for key in ("adapter", "digest", "decision")]
    return all(isinstance(text, str) for text in (*texts, *entry["files"].values()))


def promoted(task: str, project: str | Path | None = None) -> Path:
    """Return the folder of a task's promoted adapter; refuse bytes that are not the judged bytes.

    For serving code: `model.load_adapter(harness.promoted("outreach"))`.
    """
    place = Project.here(Path(project) if project else None)
    adapters = place.settings.adapters
    file = adapters / PROMOTED_FILE
    if not file.exists():
        raise RequestError(f"{file}: is not there, `lora-harness status` makes it")
    _refuse_other_project(place)
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
        file = project.settings.adapters / PROMOTED_FILE
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
