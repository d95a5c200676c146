"""Say which base an adapter was trained on, beside the project's own.

Tested in tests/flows/evaluation/test_trainers_folders.py.
"""

from __future__ import annotations

from harness.errors import WeightsError
from harness.flows.project import Project
from harness.workspace.adapters.files import AdapterFiles
from harness.workspace.adapters.trained_on import trained_on
from harness.workspace.base.weights import find_weights


def trained_on_word(project: Project, files: AdapterFiles) -> str:
    """Return the sentence on an adapter's base; empty where nothing is to be said."""
    reference, root = project.settings.base, project.settings.root
    try:
        base = find_weights(reference, root, fetch=False)
    except WeightsError:  # only the server has it
        return trained_on(files.folder, reference, root / reference, "")
    return trained_on(files.folder, reference, base.path, base.content)
