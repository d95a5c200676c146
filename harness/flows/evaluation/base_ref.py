"""Take the bar of a verdict from another commit: benchmark, policy, settings, history, pointer.

In CI the commit is the base of a pull request, so that the pull request does not set its own bar.
The adapters on trial, recorded outputs and the base's weights are those of the working folder.

Tested in tests/flows/evaluation/test_base_ref.py.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError, NoProject
from harness.flows.evaluation.base_difference import differences
from harness.flows.evaluation.kept_outputs import seed_outputs
from harness.flows.project import PROMOTED_FILE, Bar, Project
from harness.workspace.project.git_tree import GitTree, open_tree
from harness.workspace.project.settings import SETTINGS, Settings, settings_of

STORE = "harness.db"
_WHOLE = ".whole"
"""Marks a folder that has all files of the commit that are needed."""


def at_base(project: Project, ref: str, folder: Path) -> Project:
    """Return the project with the bar of a commit, whose files are written into `folder`.

    A folder that another process of this session has filled is read as it is.
    """
    tree = open_tree(project.settings.root, ref)
    try:
        settings = settings_at(tree, project.settings.root, folder)
        promoted = settings.adapters / PROMOTED_FILE
        new = not (folder / _WHOLE).exists()
        if new:
            keys = settings.promotion_keys
            wanted = (settings.benchmarks, settings.history_file, promoted, *keys)
            for place in filter(None, map(tree.place, wanted)):
                tree.write(place, folder)
            (folder / _WHOLE).touch()
        store, of_commit = _store(tree, settings, folder)
        judged = Project(
            replace(
                settings,
                benchmarks=_in_commit(tree, settings.benchmarks, folder),
                history=_in_commit(tree, settings.history_file, folder),
                promotion_keys=tuple(
                    _in_commit(tree, key, folder) for key in settings.promotion_keys
                ),
                store=store,
            ),
            Bar(tree.commit, _in_commit(tree, promoted, folder), (), of_commit, folder),
        )
        found = tuple(differences(tree, folder, project, judged))
        if new:
            seed_outputs(judged)
    except HarnessError as problem:
        line = str(problem).replace(f"{folder}{os.sep}", "")
        raise type(problem)(f"at {ref}: {line}") from problem
    return replace(judged, bar=Bar(tree.commit, judged.promoted_file, found, of_commit, folder))


def settings_at(tree: GitTree, root: Path, folder: Path) -> Settings:
    """Read a commit's settings from the same place of the repository as the project's."""
    place = tree.place(root / SETTINGS)
    if place is not None:
        tree.write(place, folder)
    if place is None or not (folder / place).exists():
        raise NoProject(f"there is no {place or SETTINGS} that could set the bar")
    settings = settings_of(folder / place, root)
    if settings is None:
        raise NoProject(f"{place} has no [tool.harness] that could set the bar")
    return settings


def _in_commit(tree: GitTree, path: Path, folder: Path) -> Path:
    """Return where a commit's file or folder was written; a path outside of git is the same."""
    place = tree.place(path)
    return path if place is None else folder / place


def _store(tree: GitTree, settings: Settings, folder: Path) -> tuple[str, bool]:
    """Return the store's address, and whether it is a new one for the commit's history alone.

    It is new where it would else be a file that a pull request could bring along.
    """
    kind, _, rest = settings.store.partition(":///")
    file = settings.root / rest.partition("?")[0]
    inside = kind.partition("+")[0].startswith("sqlite") and tree.place(file) is not None
    return (f"sqlite:///{folder / STORE}", True) if inside else (settings.store, False)
