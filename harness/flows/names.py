"""What a project knows by name: for completion, and for whoever looks for what was never judged."""

from __future__ import annotations

from harness.errors import HarnessError
from harness.flows.evaluation.backends import recorded_names
from harness.flows.project import Project
from harness.workspace.adapters.files import adapter_names, read_training


def adapters_of(project: Project) -> list[str]:
    """The adapters' folder, or what was recorded where that is the project's engine."""
    kind, _, place = project.settings.engine.partition(":")
    if kind == "recorded":
        return recorded_names(project.settings.root / (place or "recorded"))
    return adapter_names(project.settings.adapters)


def is_for(project: Project, name: str, task: str) -> bool:
    """Whether an adapter may be for a task: one from elsewhere does not say."""
    try:
        said = read_training(project.settings.adapters / name)
    except HarnessError:
        return True  # whoever judges it gets the line
    return said is None or said.get("task") in (None, task)
