"""Open the project's store; a new store starts with the shipped history."""

from __future__ import annotations

from harness.flows.project import Project
from harness.store import Store

HISTORY = "history.jsonl"


def open_store(project: Project, url: str | None = None) -> Store:
    """Open the store; an empty store imports the history file in the reports' folder."""
    from harness.flows.history import import_history

    store = Store(url or project.settings.store, project.settings.root)
    shipped = project.settings.reports / HISTORY
    try:
        if shipped.exists() and store.is_empty:
            import_history(store, shipped)
    except BaseException:
        store.close()
        raise
    return store
