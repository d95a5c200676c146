"""List a project's adapters by name, for completion and for the search for unjudged adapters.

Tested in tests/cli/test_completion.py.
"""

from __future__ import annotations

from harness.errors import HarnessError
from harness.flows.project import Project
from harness.workspace.adapters.files import adapter_names, read_training
from harness.workspace.project.recordings import recorded_names


def adapters_of(project: Project) -> list[str]:
    """Return the adapters' names; with a recorded engine, the names of the recordings."""
    kind, _, place = project.settings.engine.partition(":")
    if kind == "recorded":
        return recorded_names(project.settings.root / (place or "recorded"))
    return adapter_names(project.settings.adapters)


def is_for(project: Project, name: str, task: str) -> bool:
    """Return whether an adapter may be for a task; without a `training.json` it may be for any."""
    try:
        said = read_training(project.settings.adapters / name)
    except HarnessError:
        return True  # judging it reports the damaged file
    return said is None or said.get("task") in (None, task)
