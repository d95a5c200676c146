"""The pointer for serving: `adapters/promoted.json`, derived from the ledger, and verified.

Serving code reads the pointer and the adapter's bytes; it needs neither the store nor a model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, RequestError
from harness.flows.project import Project
from harness.records import Decision
from harness.store import Store
from harness.workspace.adapters import JUDGED, file_digest, read_adapter
from harness.workspace.cache import write_atomically
from harness.workspace.fields import suggestion
from harness.workspace.reading import read_json
from harness.workspace.signing import judged_digest

POINTER = "promoted.json"


def write_pointer(project: Project, store: Store) -> Path:
    """Say what is promoted, for every task that ever had a decision; whole and atomic."""
    adapters = project.settings.adapters
    tasks = sorted({decision.task for decision in store.decisions.all()})
    standing = {task: store.decisions.promoted(task) for task in tasks}
    before = read_pointer(project)
    table = {
        task: _entry(adapters, held, _same(before.get(task), held))
        for task, held in standing.items()
        if held
    }
    text = json.dumps({"format": 1, "tasks": table}, indent=2) + "\n"
    file = adapters / POINTER
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        write_atomically(file, text)
        file.chmod(0o644)
    return file


def _entry(adapters: Path, held: Decision, known: dict[str, Any]) -> dict[str, Any]:
    folder = adapters / held.adapter
    files = {name: file_digest(folder / name) for name in JUDGED if (folder / name).is_file()}
    if judged_digest(files) != held.digest:
        files = known.get("files", {})  # the bytes changed: what they were stays on record
    return {
        "adapter": held.adapter,
        "digest": held.digest,
        "files": files,
        "since": held.at,
        "override": held.override,
        "decision": held.hash,
    }


def read_pointer(project: Project) -> dict[str, Any]:
    """The pointer's entries by task; none where it is not there or was damaged."""
    try:
        tasks = read_json(project.settings.adapters / POINTER, RequestError).get("tasks")
    except (RequestError, AttributeError):
        return {}
    return tasks if isinstance(tasks, dict) else {}


def _same(entry: Any, held: Decision) -> dict[str, Any]:
    mine = isinstance(entry, dict) and entry.get("digest") == held.digest
    return entry if mine else {}


def promoted(task: str, project: str | Path | None = None) -> Path:
    """The folder of the task's promoted adapter, after its bytes were found to be the judged ones.

    For serving code: `model.load_adapter(harness.promoted("outreach"))`.
    """
    place = Project.here(Path(project) if project else None)
    adapters = place.settings.adapters
    file = adapters / POINTER
    if not file.is_file():
        raise RequestError(f"{file}: is not there, `lora-harness status` makes it")
    tasks = read_pointer(place)
    if task not in tasks:
        raise RequestError(f"{task}: nothing is promoted for this task{suggestion(task, tasks)}")
    entry = tasks[task]
    found = read_adapter(adapters, entry["adapter"])
    if found.digest != entry["digest"]:
        raise AdapterRefused(
            f"{found.folder / changed_file(found.folder, entry)}: is not what was promoted,"
            " restore the file or promote the adapter anew"
        )
    return found.folder


def changed_file(folder: Path, entry: dict[str, Any]) -> str:
    """The first file whose bytes are not those of the pointer."""
    for name in JUDGED:
        path = folder / name
        if not path.is_file() or file_digest(path) != entry.get("files", {}).get(name):
            return name
    return JUDGED[0]
