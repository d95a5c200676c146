"""Read `adapters/promoted.json`, and hold it against the store's ledger.

The file is derived from the ledger and committed beside it. It proves what a ledger alone cannot:
that promotions were removed, or that the history never came along.

Tested in tests/flows/decisions/test_promoted_file.py and tests/flows/test_missing_history.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import RequestError, StoreFailed
from harness.flows.project import PROMOTED_FILE, Project
from harness.store import Store
from harness.store.in_production import in_production, puts_in_production
from harness.workspace.formats.reading import read_json

STATUS = "`lora-harness status` writes it anew"


@dataclass(frozen=True, slots=True)
class _Read:
    """The promoted file as it was read."""

    entries: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """The sound entries by task."""
    whole: bool = True
    """Whether there is no such file, or all of it is sound."""
    problem: RequestError | None = None
    """Why the file could not be read at all."""


def read_promoted_file(project: Project) -> dict[str, dict[str, Any]]:
    """Return the promoted file's sound entries by task; none if it is missing or damaged."""
    return dict(_read(project).entries)


def _read(project: Project) -> _Read:
    file = project.promoted_file
    if not os.path.lexists(file):
        return _Read()
    try:
        found = read_json(file, RequestError)
    except RequestError as problem:
        return _Read(whole=False, problem=problem)
    tasks = found.get("tasks") if isinstance(found, dict) else None
    if not isinstance(tasks, dict):
        return _Read(whole=False)
    sound = {task: entry for task, entry in tasks.items() if _is_sound(entry)}
    return _Read(sound, len(sound) == len(tasks))


def _is_sound(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("files"), dict):
        return False
    texts = [entry.get(key) for key in ("adapter", "digest", "decision")]
    return all(isinstance(text, str) for text in (*texts, *entry["files"].values()))


def refuse_other_project(project: Project) -> None:
    """Refuse a promoted file of another project; one without an id is taken over."""
    file, mine = project.promoted_file, project.settings.project
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


def refuse_unknown(project: Project, store: Store) -> None:
    """Refuse a store that lacks a decision of the promoted file: it is not the project's store."""
    refuse_other_project(project)
    # The file is read before the ledger: a decision reaches the ledger before it reaches the file.
    read = _read(project)
    decisions = store.decisions.unchecked()  # commands that show a broken chain go on
    known = {decision.hash for decision in decisions}
    for entry in read.entries.values():
        if entry["decision"] not in known:
            raise StoreFailed(
                f"{PROMOTED_FILE} names {entry['adapter']}, the store does not know it:"
                f" {_remedy(project, entry['decision'])} or name the store"
            )
    if not read.whole and not puts_in_production(decisions):
        if read.problem is not None:
            raise read.problem
        raise StoreFailed(
            f"{PROMOTED_FILE} was damaged, and the store knows no promotion: restore that file,"
            f" {_remedy(project)} or name the store"
        )


def _remedy(project: Project, decision: str = "") -> str:
    """Return how the history comes back; where its file has the decision, by an import."""
    file = project.settings.history_file
    root = project.settings.root
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    if decision and _mentions(file, decision):
        return f"`lora-harness history import {shown}`"
    return f"commit {shown}"


def _mentions(file: Path, words: str) -> bool:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return any(words in line for line in lines)
    except OSError:
        return False


def refuse_edited(project: Project, store: Store) -> None:
    """Refuse a promoted file that is damaged, or says of a decision what the ledger does not."""
    read = _read(project)
    decided = {d.hash: d for d in puts_in_production(store.decisions.unchecked())}
    for task, entry in read.entries.items():
        made = decided.get(entry["decision"])
        if made is None or (made.task, made.adapter, made.digest) != (
            *(task, entry["adapter"], entry["digest"]),
        ):
            raise StoreFailed(
                f"{PROMOTED_FILE} names {entry['adapter']} for {task}, its decision in the ledger"
                f" does not: {STATUS}"
            )
    if not read.whole:
        raise StoreFailed(f"{PROMOTED_FILE} was damaged: {STATUS}")


def refuse_outdated(project: Project, store: Store, task: str) -> None:
    """Refuse a promoted file that names another adapter for a task than the ledger does now."""
    entry = read_promoted_file(project).get(task)
    held = in_production(store.decisions.all(task)).get(task)
    if entry is not None and held is not None and entry["decision"] != held.hash:
        raise StoreFailed(
            f"{PROMOTED_FILE} names {entry['adapter']} for {task}, the ledger {held.adapter}:"
            f" {STATUS}"
        )
