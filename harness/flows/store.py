"""Open the project's store; a new store starts with the committed history."""

from __future__ import annotations

from harness.flows.project import Project
from harness.flows.promoted_entries import refuse_edited, refuse_unknown
from harness.store import Store


def open_store(project: Project, url: str | None = None, *, checked: bool = True) -> Store:
    """Open the store; an empty store imports the committed history.

    A store that lacks a promotion of `promoted.json` is refused, and so is such a file that was
    edited: without the history, a candidate would pass as the first of its task. Not `checked` is
    for commands that bring a history back, renew that file, or show what is wrong.
    """
    from harness.flows.history import import_history

    store = Store(url or project.settings.store, project.settings.root)
    shipped = project.settings.history_file
    try:
        if shipped.exists() and store.is_empty:
            import_history(store, shipped)
        if checked:
            refuse_unknown(project, store)
            refuse_edited(project, store)
    except BaseException:
        store.close()
        raise
    return store
