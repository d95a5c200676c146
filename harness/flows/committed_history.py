"""Write the history that a project commits, by itself with every decision.

Tested in tests/flows/test_committed_history.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError, RequestError, WorldFailed, reason
from harness.flows.history import decisions_of, export_history
from harness.flows.project import Project
from harness.store import Store
from harness.workspace.formats.cache import write_pieces_atomically


def committed_lines(project: Project, store: Store) -> Iterator[str]:
    """Yield the lines of the committed history: no review, and texts only if the settings say."""
    return export_history(store, texts=project.settings.history_texts, reviews=False)


def write_history(project: Project, store: Store) -> None:
    """Write the committed history anew, where the project has one."""
    file = project.settings.history
    if file is None:
        return
    refuse_lost(project, store)
    while True:  # of two writers at once the later may know fewer decisions than the earlier
        seen = _hashes(store)
        lines = (f"{line}\n" for line in committed_lines(project, store))
        try:
            write_pieces_atomically(file, lines)
        except OSError as problem:
            raise WorldFailed(
                f"{file}: cannot be written ({reason(problem)}), the decision stands;"
                " `lora-harness status` writes it after that"
            ) from problem
        if _hashes(store) == seen:
            return


def _hashes(store: Store) -> list[str]:
    return [decision.hash for decision in store.decisions.unchecked()]


def renew_history(project: Project, store: Store) -> None:
    """Write the committed history where it lacks a decision, as after a kill."""
    file = project.settings.history
    if file is not None and _decisions(file) != _hashes(store):
        write_history(project, store)


def refuse_lost(project: Project, store: Store) -> None:
    """Refuse to overwrite decisions of other people that this store does not know yet."""
    file = project.settings.history
    if file is None:
        return
    missing = set(_decisions(file)) - set(_hashes(store))
    if missing:
        raise RequestError(
            f"{file}: holds {len(missing)} decisions that the store lacks,"
            f" `lora-harness history import {file}` brings them"
        )


def _decisions(file: Path) -> list[str]:
    """Return the hashes of a history's decisions; none where there is no history yet."""
    if not file.exists():
        return []
    try:
        return decisions_of(file)
    except DataError as problem:
        raise RequestError(
            f"{problem}: restore the committed history, then decide again"
        ) from problem
