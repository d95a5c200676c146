"""Write histories: the one that a project commits, by itself with every decision, and exports.

Tested in tests/flows/test_committed_history.py.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import DataError, RequestError, WorldFailed, reason
from harness.flows.history import decisions_of, export_history
from harness.flows.project import Project
from harness.store import Store
from harness.workspace.formats.output_file import write_output


def write_history(project: Project, store: Store) -> None:
    """Write the committed history anew, where the project has one."""
    file = project.settings.history
    if file is None:
        return
    refuse_lost(project, store)
    texts = project.settings.history_texts
    while True:  # of two writers at once the later may know fewer decisions than the earlier
        seen = _hashes(store)
        try:
            _write(project, file, store, texts=texts, reviews=False)
        except OSError as problem:
            raise WorldFailed(
                f"{file}: cannot be written ({reason(problem)}), the decision stands;"
                " `lora-harness status` writes it after that"
            ) from problem
        if _hashes(store) == seen:
            return


def export_to(
    project: Project, store: Store, file: Path | None, texts: bool | None
) -> tuple[Path, int]:
    """Write a history to a file, else to the committed one; return the file and its lines.

    Without `texts` said, the committed history is as the settings have it, any other has all.
    """
    committed = project.settings.history
    if file is None:
        if committed is None:
            raise RequestError("name a FILE, or the committed history: [tool.harness] `history`")
        file = committed
    own = committed is not None and file.resolve() == committed.resolve()
    if own:
        refuse_lost(project, store)
    if texts is None:
        texts = project.settings.history_texts or not own
    try:
        return file, _write(project, file, store, texts=texts, reviews=not own)
    except OSError as problem:
        raise RequestError(f"{file}: cannot be written ({problem.strerror})") from problem


def _write(project: Project, file: Path, store: Store, **what: bool) -> int:
    lines = export_history(store, calendar=project.settings.calendar, **what)
    return write_output(file, (f"{line}\n" for line in lines))


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
