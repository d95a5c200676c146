"""The pointer for serving: `adapters/promoted.json`, derived from the ledger, and verified.

Serving code reads the pointer and the adapter's bytes; it needs neither the store nor a model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, RequestError, StoreFailed, WorldFailed, reason
from harness.flows.project import Project
from harness.records import Decision
from harness.store import Store
from harness.store.in_production import in_production
from harness.workspace.adapters.files import JUDGED, file_digest, read_adapter
from harness.workspace.adapters.signing import judged_digest
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.reading import read_json

POINTER = "promoted.json"


def write_promoted_file(project: Project, store: Store) -> Path:
    """Say what is promoted, for every task that ever had a decision; atomic, and rewritten whole.

    Of two that write at once the later may know less: each looks again after it has written.
    """
    refuse_other_ledger(project, store)
    decisions = store.decisions.all()
    while True:
        file = _written(project, decisions)
        seen, decisions = decisions, store.decisions.all()
        if decisions == seen:
            return file


def refuse_other_ledger(project: Project, store: Store) -> None:
    """A store that lacks what was promoted is not the project's: it went away, or is another."""
    entries = read_pointer(project)  # first: what it names was in the ledger before
    known = {decision.hash for decision in store.decisions.all()}
    for task, entry in entries.items():
        if entry["decision"] not in known:
            file = project.settings.adapters / POINTER
            raise StoreFailed(
                f"the store {store.database.shown} lacks the promotion of {entry['adapter']} for"
                f" {task} that {file} names: bring back the store that has it, or remove that file"
                " to begin anew"
            )


def _written(project: Project, decisions: list[Decision]) -> Path:
    adapters = project.settings.adapters
    before = read_pointer(project)
    table = {
        task: _entry(adapters, held, before.get(task, {}).get("files", {}))
        for task, held in sorted(in_production(decisions).items())
    }
    text = json.dumps({"format": 1, "tasks": table}, indent=2) + "\n"
    file = adapters / POINTER
    if not file.is_file() or file.read_bytes() != text.encode():
        try:
            write_atomically(file, text)
            file.chmod(0o644)
        except OSError as problem:
            raise WorldFailed(
                f"{file}: cannot be written ({reason(problem)}), the decision stands;"
                " `lora-harness status` writes it after that"
            ) from None
    return file


def _entry(adapters: Path, held: Decision, known: dict[str, str]) -> dict[str, Any]:
    folder = adapters / held.adapter
    files = {name: file_digest(folder / name) for name in JUDGED if (folder / name).is_file()}
    if judged_digest(files) != held.digest:
        # The bytes changed: what they were stays on record, where it was known.
        files = known if judged_digest(known) == held.digest else {}
    return {
        "adapter": held.adapter,
        "digest": held.digest,
        "files": files,
        "since": held.at,
        "override": held.override,
        "decision": held.hash,
    }


def read_pointer(project: Project) -> dict[str, dict[str, Any]]:
    """The pointer's entries by task; none where it is not there or was damaged."""
    try:
        found = read_json(project.settings.adapters / POINTER, RequestError)["tasks"].items()
    except (RequestError, AttributeError, LookupError, TypeError):
        return {}
    return {task: entry for task, entry in found if _is_sound(entry)}


def _is_sound(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("files"), dict):
        return False
    texts = [entry.get(key) for key in ("adapter", "digest", "decision")]
    return all(isinstance(text, str) for text in (*texts, *entry["files"].values()))


def promoted(task: str, project: str | Path | None = None) -> Path:
    """The folder of the task's promoted adapter, after its bytes were found to be the judged ones.

    For serving code: `model.load_adapter(harness.promoted("outreach"))`.
    """
    place = Project.here(Path(project) if project else None)
    adapters = place.settings.adapters
    file = adapters / POINTER
    if not file.exists():
        raise RequestError(f"{file}: is not there, `lora-harness status` makes it")
    tasks = read_pointer(place)
    if task not in tasks:
        known = read_json(file, RequestError)
        if not isinstance(known, dict) or _damaged(known.get("tasks"), task):
            raise RequestError(f"{file}: was damaged, `lora-harness status` makes it anew")
        raise RequestError(f"{task}: nothing is promoted for this task{suggestion(task, tasks)}")
    entry = tasks[task]
    found = read_adapter(adapters, entry["adapter"])
    if found.digest != entry["digest"]:
        raise AdapterRefused(
            f"{changed_file(found.folder, entry)}: is not what was promoted,"
            " restore the file or promote the adapter anew"
        )
    return found.folder


def _damaged(tasks: Any, task: str) -> bool:
    return not isinstance(tasks, dict) or task in tasks


def changed_file(folder: Path, entry: dict[str, Any]) -> str:
    """The files whose bytes are not those of the pointer; all, where it does not know them."""
    known = entry["files"]
    places = {name: folder / name for name in JUDGED}
    wrong = [
        str(path)
        for name, path in places.items()
        if not path.is_file() or file_digest(path) != known.get(name)
    ]
    if judged_digest(known) == entry["digest"]:
        return ", ".join(wrong)
    return " or ".join(str(path) for path in places.values())
