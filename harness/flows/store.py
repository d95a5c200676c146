"""Open the project's store; a new store starts with the committed history."""

from __future__ import annotations

import logging

from harness.flows.project import Project
from harness.flows.promoted_entries import refuse_edited, refuse_unknown
from harness.store import Store
from harness.workspace.adapters.decision_keys import DecisionKeys

FIRST_WITH_SEALS = "0005"
"""The first version of the tables in which cached results carry seals."""
_ADOPTED = "the rows of the store %s named no project, they are those of project %s from now on"
_log = logging.getLogger(__name__)


def open_store(project: Project, url: str | None = None, *, checked: bool = True) -> Store:
    """Open the store; an empty store imports the committed history.

    A store that lacks a promotion of `promoted.json` is refused, and so is such a file that was
    edited: without the history, a candidate would pass as the first of its task. Not `checked` is
    for commands that bring a history back, renew that file, or show what is wrong.
    """
    from harness.flows.history import import_history

    keys = project.settings.promotion_keys
    fault = DecisionKeys(keys).fault if keys else None
    settings = project.settings
    store = Store(url or settings.store, settings.root, settings.project)
    store.decisions.fault = fault
    shipped = project.settings.history_file
    try:
        if store.database.adopted:
            _log.warning(_ADOPTED, store.database.shown, settings.project)
        _say_unproven(store)
        if shipped.exists() and store.is_empty:
            store.database.refuse_read_only()
            import_history(store, shipped, settings.calendar)
        if checked:
            refuse_unknown(project, store)
            refuse_edited(project, store)
    except BaseException:
        store.close()
        raise
    return store


def _say_unproven(store: Store) -> None:
    """Say of a store that was just migrated from before the seals which of its rows they lack."""
    came_from = store.database.came_from
    if came_from is None or came_from >= FIRST_WITH_SEALS:
        return
    if found := store.outputs.unproven():
        rows = ", ".join(f"{count} {table}" for table, count in found.items())
        _log.warning(
            f"the store %s is of a version before the seals; nothing proves its {rows}, they are"
            " made again when they are needed (runs, verdicts and decisions keep their own proof)",
            store.database.shown,
        )
